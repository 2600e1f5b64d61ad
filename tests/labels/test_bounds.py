"""A file of any size is read row by row, or refused before it fills the memory."""

import os
from pathlib import Path

import pytest

from mmpretrain_mlml.labels import (
    LabelError,
    bounds,
    parse_instances,
    parse_label_list,
    parse_tag_table,
    read_class_list,
)

CSV, OBJECTS = 'image,tags\na.jpg,cat;dog\n', '{"image": "a.jpg", "tags": ["cat"]}\n'


def sparse(path: Path, text: str) -> Path:
    """Write a text and 80 GB of zeros, which take no room on a disk."""
    path.write_text(text)
    try:
        os.truncate(path, 80 * 10**9)
    except OSError as error:
        pytest.skip(f'needs a file system for large sparse files: {error}')
    return path


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('t.csv', CSV, r't\.csv:3: got a line of more than 64 MiB'),
        ('t.tsv', CSV.replace(',', '\t'), r't\.tsv:3: got a line of more than 64 MiB'),
        ('t.jsonl', OBJECTS, r't\.jsonl:2: got a line of more than 64 MiB'),
        ('t.parquet', 'PAR1', r't\.parquet: got a damaged file'),
        ('t.txt', 'a.jpg,0\n', r't\.txt: got a file of 74\.5 GiB, .* write it as a table \.csv'),
    ],
)
def test_a_table_of_80_gb_is_not_read_into_memory(tmp_path, monkeypatch, name, text, message):
    if name.endswith('.parquet'):
        pytest.importorskip('pyarrow')
    monkeypatch.setattr(bounds, 'available_memory', lambda: 1 << 36)
    (problem,) = parse_tag_table(sparse(tmp_path / name, text)).problems
    assert problem.where.startswith(str(tmp_path))
    with pytest.raises(LabelError, match=message):
        raise problem
    assert len(list(tmp_path.iterdir())) == 1


def test_neither_are_other_label_files(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, 'available_memory', lambda: 1 << 36)
    path = sparse(tmp_path / 'file', 'cat\n')
    message = 'got a file of 74.5 GiB, which is read as a whole; expected at most 16.0 GiB'
    for parsed in (parse_label_list(path, 3), parse_instances(path)):
        (problem,) = parsed.problems
        assert message in str(problem)
    with pytest.raises(LabelError, match=message):
        read_class_list(path)
    (tmp_path / 'photos').mkdir()
    (tmp_path / 'photos/a.jpg').touch()
    path.rename(tmp_path / 'photos/a.txt')
    (problem,) = parse_tag_table(tmp_path / 'photos').problems
    assert 'a.txt: got a text file of more than 64 MiB; expected the tags of an image' in str(
        problem
    )


@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
@pytest.mark.parametrize('cells', [100, 150])
def test_long_lines(tmp_path, monkeypatch, cells, end):
    monkeypatch.setattr(bounds, 'LONGEST_LINE', 80_000)
    rows = ['image,tags', *(f'{n}.jpg,{";".join(str(m) for m in range(99))}' for n in range(2000))]
    rows.append('long.jpg,' + ';'.join('x' * 700 + str(n) for n in range(cells)))
    (tmp_path / 't.csv').write_bytes(end.join([*rows, '']).encode())
    parsed = parse_tag_table(tmp_path / 't.csv')
    if cells == 100:
        assert len(parsed.require_no_problems()) == 2001
    else:
        (problem,) = parsed.problems
        assert 'got a line of more than' in str(problem)
        assert problem.where.endswith(f't.csv:{2002 if end != chr(13) else 1}')
