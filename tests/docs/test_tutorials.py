"""The tutorials, run as they stand: files are written, commands and code run, outputs compared.

An output shown on a page must appear in what its commands print, line by line and in this order.
``...`` stands for any text. Scores in percent may differ by ``SCORE_TOLERANCE``, since short
trainings differ between processors and versions of PyTorch; other decimals by one in a thousand.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from helpers import ROOT
from helpers.processes import warm_launcher
from mmengine.config import Config

PAGES = ROOT / 'docs/tutorials'
FENCE = re.compile(
    r'^```(?:\{code-block\} )?(\w+)\n(?::caption: (\S+)\n\n)?(.*?)^```$', re.MULTILINE | re.DOTALL
)
DECIMAL = r'-?\d+\.\d+'
SCORE_TOLERANCE = 10.0


class Block(NamedTuple):
    language: str
    caption: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in FENCE.findall((PAGES / f'{page}.md').read_text())]


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """A folder that looks like a clone, in which work directories may be left."""
    for name in ('configs', 'tools'):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / 'bin').mkdir()
    python = tmp_path / 'bin/python'
    python.write_text(f'#!/bin/sh\nexec {warm_launcher().get("PYTHON", sys.executable)} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv('PATH', f'{python.parent}{os.pathsep}{os.environ["PATH"]}')
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    monkeypatch.setenv('COLUMNS', '120')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(page: str) -> None:
    namespace: dict = {}
    printed = ''
    for block in blocks(page):
        if block.caption:
            Path(block.caption).write_text(block.text)
        elif block.language == 'bash':
            printed = shell(block.text)
        elif block.language == 'python':
            stdout = io.StringIO()
            with contextlib.redirect_stdout(stdout):
                exec(compile(block.text, f'{page}.md', 'exec'), namespace)
            printed = stdout.getvalue()
        else:
            assert block.language == 'text'
            assert_shown(block.text, printed)


def shell(commands: str) -> str:
    done = subprocess.run(
        ['bash', '-euo', 'pipefail', '-c', commands],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def assert_shown(shown: str, printed: str) -> None:
    rest = printed.splitlines()
    for line in filter(str.strip, shown.splitlines()):
        while rest and not matches(line, rest[0]):
            rest.pop(0)
        assert rest, (
            f'the page shows {line!r}, which does not appear in order in:\n{printed[-4000:]}'
        )
        rest.pop(0)


def matches(shown: str, printed: str) -> bool:
    """Whether a printed line holds the shown one, with decimals close to those shown."""
    pieces = re.split(rf'(\s*\.\.\.\s*|\s+|{DECIMAL})', shown.strip())
    patterns = [
        '.*?' if piece.strip() == '...' else r'\s+' if piece.isspace()
        else f'({DECIMAL})' if re.fullmatch(DECIMAL, piece) else exactly(piece)
        for piece in pieces
    ]  # fmt: skip
    line = re.search(''.join(patterns), printed)
    decimals = [float(piece) for piece in pieces if re.fullmatch(DECIMAL, piece)]
    if line is None:
        return False
    return all(
        abs(one - float(other)) <= (SCORE_TOLERANCE if 'mAP' in shown else 1e-3 * abs(one))
        for one, other in zip(decimals, line.groups())
    )


def exactly(text: str) -> str:
    """A pattern for a text whose numbers are not parts of longer ones."""
    before = r'(?<!\d)' if text[:1].isdigit() else ''
    after = r'(?!\d)' if text[-1:].isdigit() else ''
    return f'{before}{re.escape(text)}{after}'


@pytest.mark.parametrize(
    ('shown', 'printed', 'same'),
    [
        ('mAP 94.7, OF1 87.7', 'mAP 93.1, OF1 85.0', True),
        ('mAP 94.7, OF1 87.7', 'mAP 94.7, OF1 60.0', False),
        ('mAP: 55.5 ... OF1: 0.1', 'x mAP: 54.0  CP: 1.0  OF1: 2.0 y', True),
        ('6995 labels', '6994 labels', False),
        ('tensor(0.1153)', 'tensor(0.1154)', True),
        ('tensor(0.1153)', 'tensor(0.1170)', False),
        ('epoch_1.pth', 'epoch_2.pth', False),
        ('train ... 640', 'train | 3 | 640', True),
        ('train ... 640', 'train | 3 | 6401', False),
    ],
)
def test_outputs_are_compared(shown, printed, same):
    assert matches(shown, printed) == same


def test_outputs_must_come_in_order():
    assert_shown('a\nb', 'a\nx\nb')
    with pytest.raises(AssertionError, match="shows 'a'"):
        assert_shown('b\na', 'a\nb')


def test_first_training(clone):
    run('first_training')


def test_own_loop(clone):
    run('own_loop')


@pytest.mark.slow
def test_own_photographs(clone):
    run('own_photographs')


@pytest.mark.slow
def test_deployment(clone, tmp_path_factory):
    if find_spec('onnxruntime') is None:
        pytest.skip('needs onnxruntime')
    place = tmp_path_factory.mktemp('wheels')
    pip = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '-d', place]
    found = subprocess.run([*pip, 'pillow'], capture_output=True, text=True)
    if found.returncode:
        pytest.skip(f'needs a package index, for another environment: {found.stderr[-200:]}')
    run('deployment')


@pytest.mark.slow
def test_missing_tags(clone):
    run('missing_tags')


def test_own_config(clone):
    run('own_config')
    files = [block.caption for block in blocks('own_config') if block.caption]
    assert len(files) == 3
    for path in files:
        Config.fromfile(path)


def test_every_tutorial_is_run():
    source = Path(__file__).read_text()
    for page in PAGES.glob('*.md'):
        assert f"run('{page.stem}')" in source
        assert any(block.language == 'text' for block in blocks(page.stem)), page
