"""The cache beside a table gives what parsing gives, and never what an earlier table held."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from mmpretrain_mlml.labels import LabelTable, parse_tag_table, read_tag_table, table_cache
from mmpretrain_mlml.labels.array_file import read_arrays, write_arrays
from mmpretrain_mlml.labels.protocols import Bernoulli, PaperRule
from mmpretrain_mlml.labels.tables import reading

TEXT = 'image,tags,absent,site\na.jpg,x,y,A\nb.jpg,,,\né.jpg,y;z,,B\n'


@pytest.fixture
def path(tmp_path):
    (tmp_path / 't.csv').write_text(TEXT)
    return tmp_path / 't.csv'


@pytest.fixture
def parses(monkeypatch):
    """A list that grows each time a table is parsed."""
    calls, parse = [], reading.parse_without_cache
    monkeypatch.setattr(
        reading, 'parse_without_cache', lambda *args: (calls.append(args), parse(*args))[1]
    )
    return calls


def caches(path):
    return sorted(file for file in path.parent.iterdir() if file.suffix == '.cache')


def test_the_second_start_does_not_parse(path, parses):
    first = parse_tag_table(path, cache=True, extras=['site'])
    second = parse_tag_table(path, cache=True, extras=['site'])
    plain = parse_tag_table(path, cache=False, extras=['site'])
    assert len(parses) == 2
    for parsed in (first, second):
        assert parsed.table == plain.table
        assert parsed.table.extras == plain.table.extras
        assert parsed.notes == plain.notes
        assert [parsed.table.location_of(row) for row in range(3)] == [
            f'{path}:{line}' for line in (2, 3, 4)
        ]
    assert [file.name[:7] for file in caches(path)] == ['.t.csv.']
    with pytest.raises(ValueError, match='read-only'):
        second.table.indices[0] = 1


def test_what_is_asked_for_has_a_cache_of_its_own(path):
    assert read_tag_table(path, cache=True).classes == ('x', 'y', 'z')
    assert read_tag_table(path, ['z', 'y', 'x'], cache=True).classes == ('z', 'y', 'x')
    assert read_tag_table(path, cache=True, unlisted='absent').fill == 0
    assert read_tag_table(path, cache=True).fill == -1
    assert len(caches(path)) == 3


def test_another_content_is_parsed_again(path, parses):
    stat = path.stat()
    read_tag_table(path, cache=True)
    path.write_text(TEXT.replace('a.jpg', 'o.jpg'))  # of one size
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert read_tag_table(path, cache=True).names[0] == 'o.jpg'
    assert read_tag_table(path, cache=True).names[0] == 'o.jpg'
    assert len(parses) == 2
    assert len(caches(path)) == 1


def test_a_file_that_was_touched_or_copied_keeps_its_cache(path, parses, tmp_path):
    read_tag_table(path, cache=True)
    os.utime(path)
    read_tag_table(path, cache=True)
    other = tmp_path / 'copy'
    other.mkdir()
    for file in (path, *caches(path)):
        (other / file.name).write_bytes(file.read_bytes())
    table = read_tag_table(other / 't.csv', cache=True)
    assert table.location_of(0) == f'{other}/t.csv:2'
    assert len(parses) == 1


def test_damaged_caches_are_replaced(path, parses):
    read_tag_table(path, cache=True)
    expected = read_tag_table(path, cache=False)
    (cache,) = caches(path)
    whole = cache.read_bytes()
    for number, damage in enumerate((b'', whole[:-200], whole[:100], b'x' * len(whole)), start=3):
        cache.unlink()
        cache.write_bytes(damage)
        assert read_tag_table(path, cache=True) == expected
        assert len(parses) == number
        assert cache.read_bytes()[:6] == whole[:6]


def test_a_table_with_problems_has_no_cache(path):
    path.write_text(TEXT + 'a.jpg\n')
    assert parse_tag_table(path, cache=True).problems
    assert not caches(path)


def test_small_tables_have_none_unless_asked(path):
    read_tag_table(path)
    assert not caches(path)


def test_a_folder_that_cannot_be_written(path, monkeypatch):
    def fail(*args, **kwargs):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(table_cache, 'atomic_write', fail)
    parsed = parse_tag_table(path, cache=True)
    assert 't.csv: no cache beside it (Permission denied); every start parses' in parsed.notes[-1]
    assert parsed.table == read_tag_table(path, cache=False)
    assert [file.name for file in path.parent.iterdir()] == ['t.csv']


def test_a_pickled_table_is_the_name_of_its_cache(path):
    table = read_tag_table(path, cache=True)
    data = pickle.dumps(table)
    assert len(data) < 400
    assert pickle.loads(data) == table
    path.write_text(TEXT.replace('x', 'w'))
    with pytest.raises(OSError, match='changed while it was used'):
        pickle.loads(data)
    plain = read_tag_table(path, cache=False)
    assert pickle.loads(pickle.dumps(plain)) == plain


def test_what_a_protocol_leaves_of_a_cached_table_is_counted_and_pickled_as_it_is(path):
    read_tag_table(path, cache=True)
    cached, plain = read_tag_table(path, cache=True), read_tag_table(path, cache=False)
    for change in (LabelTable.positives_only, PaperRule('single').apply, Bernoulli(0).apply):
        left, expected = change(cached), change(plain)
        assert [kind.tolist() for kind in left.counts()] == [
            kind.tolist() for kind in expected.counts()
        ]
        assert pickle.loads(pickle.dumps(left)) == expected
    assert pickle.loads(pickle.dumps(cached)) == plain


@pytest.fixture
def folder(tmp_path):
    photos = tmp_path / 'photos'
    (photos / 's').mkdir(parents=True)
    for name, text in (('a.jpg', 'cat'), ('b.jpg', None), ('s/é.jpg', 'dog, cat')):
        (photos / name).touch()
        if text:
            (photos / name).with_suffix('.txt').write_text(text)
    return photos


def test_a_folder_of_text_files_has_a_cache_beside_it(folder, parses, monkeypatch):
    first, second = (parse_tag_table(folder, cache=True) for _ in range(2))
    assert len(parses) == 1
    assert first.table == second.table == read_tag_table(folder, cache=False)
    assert second.table.location_of(2) == f'{folder}/s/é.jpg'
    assert first.notes == second.notes
    assert [path.parent for path in caches(folder)] == [folder.parent]
    assert pickle.loads(pickle.dumps(second.table)) == first.table
    monkeypatch.chdir(folder)
    assert read_tag_table('.', cache=True) == first.table
    assert len(caches(folder)) == 1


@pytest.mark.parametrize('change', ['text', 'times', 'a new image', 'no text', 'a new name'])
def test_another_content_of_a_folder_is_read_again(folder, parses, change):
    read_tag_table(folder, cache=True)
    text = folder / 'a.txt'
    stat = text.stat()
    if change in ('text', 'times'):
        text.write_text('owl' if change == 'text' else 'cat')
        os.utime(text, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif change == 'a new image':
        (folder / 'c.jpg').touch()
    elif change == 'no text':
        text.unlink()
    else:
        (folder / 'b.jpg').rename(folder / 'B.jpg')
    found = read_tag_table(folder, cache=True)
    assert len(parses) == 1 + (change != 'times')
    assert found == read_tag_table(folder, cache=False)


def test_a_folder_of_many_files_has_a_cache(folder, monkeypatch):
    for number, fewest in ((0, 6), (1, 5)):
        monkeypatch.setattr(table_cache, 'FEWEST', fewest)
        read_tag_table(folder)
        assert len(caches(folder)) == number


def test_threads_that_start_together_parse_once(path, parses):
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(lambda _: read_tag_table(path, cache=True), range(8)))
    assert len(parses) == 1
    assert all(table == tables[0] for table in tables)


def _write_names(path, out):
    out.write_text(','.join(read_tag_table(path, cache=True).names))


@pytest.mark.dist
def test_processes_that_start_together_agree(path, tmp_path):
    (tmp_path / 'out').mkdir()
    outs = [tmp_path / 'out' / str(number) for number in range(4)]
    processes = [get_context('fork').Process(target=_write_names, args=(path, out)) for out in outs]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [out.read_text() for out in outs] == ['a.jpg,b.jpg,é.jpg'] * 4
    assert len(caches(path)) == 1
    assert len(list(tmp_path.iterdir())) == 3


def test_arrays_in_a_file(tmp_path):
    path = tmp_path / 'a'
    x = np.arange(6, dtype=np.int32).reshape(2, 3)
    arrays = {'x': x, 'y': np.zeros(0), 'z': np.array([1.5])}
    with path.open('wb') as file:
        write_arrays(file, {'a': [1, 'é']}, arrays)
    header, found = read_arrays(path)
    assert header == {'a': [1, 'é']}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
        assert found[name].ctypes.data % 8 == 0
    with path.open('rb') as file:  # each part is a .npy file
        assert b'"a"' in np.load(file).tobytes()
        file.seek(-file.tell() % 64, 1)
        assert np.array_equal(np.load(file), arrays['x'])
    with path.open('wb') as file, pytest.raises(ValueError, match='Object arrays cannot be saved'):
        write_arrays(file, {}, {'x': np.array([None])})
