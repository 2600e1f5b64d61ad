"""What the pages promise: the length of the README, names and files that exist, the rooms."""

import doctest
import re
import sys
from fnmatch import fnmatch

import pytest
from helpers import ROOT

PAGES = [*ROOT.glob('*.md'), *(ROOT / 'docs').rglob('*.md')]
FOLDERS = 'benchmarks|configs|docs|experiments|mmpretrain_mlml|tests|tools'


@pytest.fixture(scope='module', autouse=True)
def extensions():
    sys.path.insert(0, str(ROOT / 'docs/extensions'))
    yield
    sys.path.remove(str(ROOT / 'docs/extensions'))


def test_the_readme_has_at_most_1000_words():
    assert 300 < len((ROOT / 'README.md').read_text().split()) <= 1000


def test_every_public_name_is_in_the_reference():
    import public_names

    documented = []
    for page in (ROOT / 'docs/reference').glob('*.md'):
        text = page.read_text()
        for room, options in re.findall(r'^\.\. public:: (\S+)\n((?:   :.*\n)*)', text, re.M):
            only = re.search(r':only: (.*)', options)
            without = re.search(r':without: (.*)', options)
            for name in public_names.names_of_room(room):
                short = name.rpartition('.')[2]
                if only and short not in only[1].split():
                    continue
                if not without or short not in without[1].split():
                    documented.append(name)
        data = re.findall(r'^\.\. py:data:: (\S+)', text, re.M)
        documented += [f'mmpretrain_mlml.{name}' for name in data]
    assert len(documented) == len(set(documented)) > 50
    targets = [public_names.resolve(name) for name in documented]
    assert [name for name, target in zip(documented, targets) if target is None] == []
    missing = [
        name
        for name, target in public_names.public_names().items()
        if not any(target is known for known in targets)
    ]
    assert missing == []


def test_examples_in_the_extensions_hold():
    import public_names

    result = doctest.testmod(public_names)
    assert result.attempted > 0
    assert result.failed == 0


def test_all_imports_point_downward():
    import rooms

    pairs = rooms.arrows()
    assert ('hooks', 'monitoring') in pairs
    assert ('datasets', 'labels') in pairs
    assert rooms.problems(pairs) == []


def test_an_upward_import_and_an_unknown_room_are_found():
    import rooms

    lines = rooms.problems({('losses', 'hooks'), ('hooks', 'attic')})
    assert lines == [
        'attic has no place in docs/extensions/rooms.py',
        'losses imports hooks, which is not below it',
    ]


def test_no_page_loads_anything_from_the_network():
    from offline import loaded_from_elsewhere

    assert loaded_from_elsewhere('<a href="https://arxiv.org">paper</a><img src="a.png">') == []
    for tag in ('<script async src="https://x.y/z.js">', '<link rel="a" href="//x.y/z.css">'):
        assert len(loaded_from_elsewhere(tag)) == 1


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page):
    """Paths from the root of the repository; ``{a,b}`` stands for each, capitals for a choice.

    results.md also names files of an earlier commit, which it gives.
    """
    earlier = set(re.findall(r'benchmarks/beyond\w*\.py', (ROOT / 'docs/results.md').read_text()))
    for path in re.findall(rf'(?<![\w./-])(?:{FOLDERS})/[\w./{{}},*-]*\w', page.read_text()):
        if re.search(r'[A-Z]{4,}', path) or '...' in path or path in earlier:
            continue
        pattern = re.sub(r'\{[^}]*\}?', '*', path)
        if 'work_dirs' not in path:
            names = [str(file.relative_to(ROOT)) for file in (ROOT / path.split('/')[0]).rglob('*')]
            assert any(fnmatch(name, pattern) for name in names), f'{page.name} names {path}'


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_has_no_placeholder_and_its_links_lead_somewhere(page):
    text = page.read_text()
    assert '@@' not in text
    assert 'TODO' not in text
    for link in re.findall(r'\]\((?!http)([^)#]+)', text):
        generated = link.startswith('_generated/')  # by make docs
        assert generated or (page.parent / link).exists(), f'{page.name} links to {link}'
