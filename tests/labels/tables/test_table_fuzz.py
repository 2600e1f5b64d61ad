"""Generated tables: each row is read correctly or refused with a LabelError at its line.

MLML_FUZZ=1000000 pytest tests/labels/tables/test_table_fuzz.py   generates a million rows of each kind
"""

import json
import os
import posixpath
import random
import re

from mmpretrain_mlml.labels import LabelError, parse_tag_table, read_tag_table, write_tag_table

ROWS = int(os.environ.get('MLML_FUZZ', 20_000))
BATCH = 2000
CLASSES = ['cat', 'hot dog', 'é', '"q"', 'a,b', '日本', '-1', 'Cat']
FRAGMENTS = [
    b',', b',,', b';', b';;', b' ', b'\t', b'"', b'""',
    b'";"', b'","', b"'", b'\x00', b'\x0b', b'\x1c',
    b'\x7f', b'\xff', b'\xc3', b'\xed\xa0\x80', b'\xef\xbb\xbf', b'..', b'../', b'./', b'/', b'//',
    b'\\',
    b'C:', b'cat', b'CAT', b'dog', b'=cmd', b'%s', b'{}', b'[]', b'null', b'.jpg', b'a.jpg,cat',
    *map(str.encode, '猫\uff11\U0001f431\u00a0\u2028\u200b\u202e\x85'),
]  # fmt: skip


def quoted(rng, cell):
    if '"' in cell or ',' in cell or '\n' in cell or rng.random() < 0.2:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def damage(rng, line):
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        at = rng.randrange(len(line) + 1)
        new = rng.choice([b'', rng.choice(FRAGMENTS), rng.randbytes(1), line[at : at + 4]])
        line = line[:at] + new + line[min(len(line), at + rng.randrange(3)) :]
    return line.replace(b'\n', b'').replace(b'\r', b'')


def generate_row(rng):
    """A line of a CSV table without its end: valid, damaged or noise; no quote is left open."""
    while True:
        if rng.random() < 0.05:
            line = damage(rng, rng.randbytes(rng.randrange(30)))
        else:
            folder = rng.choice(['', '', 'train/', 'x y/', 'ü\\', './', 'a//', 'a, b/'])
            tags = rng.sample(CLASSES, rng.randrange(4))
            cell = rng.choice([';', '; ', ' ;']).join(tags)
            name = f'{folder}{rng.randrange(10**6)}.jpg'
            line = damage(rng, f'{quoted(rng, name)},{quoted(rng, cell)}'.encode())
        if split_line(line.decode('utf-8', 'surrogateescape')) != 'open':
            return line


def split_line(line):
    """The cells of a line, None if its quotes are wrong, or 'open' if one is not closed."""
    cells, rest = [], line
    if not line:
        return []
    while True:
        if rest.startswith('"'):
            match = re.match(r'"((?:[^"]|"")*)"(,|$)', rest, re.DOTALL)
            if not match:
                return None if re.match(r'"(?:[^"]|"")*"(?!")', rest, re.DOTALL) else 'open'
            cells.append(match[1].replace('""', '"'))
            rest, more = rest[match.end() :], match[2]
        else:
            cell, more, rest = rest.partition(',')
            cells.append(cell)
        if not more:
            return cells


def name_of(name):
    """The name as the table gives it, or None if it is malformed."""
    name = name.replace('\\', '/')
    if not name.isprintable() or not name or name[0].isspace() or name[-1].isspace():
        return None
    if name[0] == '/' or re.match(r'[^/]*:(/|$)', name) or '..' in name.split('/'):
        return None
    return name


def expected_entry(name, tags, seen):
    """Name and classes of a row according to docs/tags.md, or None; adds its name to those seen."""
    name = name_of(name)
    if name is None or not all(tag.strip() in CLASSES for tag in tags):
        return None
    if posixpath.normpath(name) in seen:
        return None
    seen.add(posixpath.normpath(name))
    classes = sorted(CLASSES.index(tag.strip()) for tag in tags)
    return (name, classes) if len(set(classes)) == len(classes) else None


def compare(path, expected, **options):
    """Compare line by line what is read and refused; return how many are accepted."""
    parsed = parse_tag_table(path, CLASSES, **options)
    assert all(type(problem) is LabelError and problem.got for problem in parsed.problems)
    refused = {int(problem.where.removeprefix(f'{path}:')) for problem in parsed.problems}
    assert len(refused) == len(parsed.problems)
    read = dict(zip(parsed.table.places.tolist(), zip(*parsed.positives().labels)))
    assert refused == {line for line, entry in expected.items() if entry is None}
    accepted = {line: entry for line, entry in expected.items() if entry is not None}
    assert {line: read[line] for line in accepted} == accepted
    rows = [row for row, line in enumerate(parsed.table.places.tolist()) if line in accepted]
    if rows:
        again = path.with_name(f'again{path.suffix}')
        table = parsed.table.take(rows)
        write_tag_table(again, table, overwrite=True)
        assert read_tag_table(again, CLASSES) == table
    return len(accepted)


def test_generated_csv_rows_are_read_correctly_or_refused(tmp_path):
    rng, accepted = random.Random(0), 0
    path = tmp_path / 't.csv'
    for begin in range(0, ROWS, BATCH):
        lines = [generate_row(rng) for _ in range(min(BATCH, ROWS - begin))]
        path.write_bytes(b''.join(line + b'\n' for line in [b'image,tags', *lines]))
        expected, seen = {}, set()
        for number, line in enumerate(lines, start=2):
            cells = split_line(line.decode('utf-8', 'surrogateescape'))
            fits = cells is not None and len(cells) == 2
            tags = cells[1].split(';') if fits and cells[1].strip() else []
            expected[number] = expected_entry(cells[0], tags, seen) if fits else None
        accepted += compare(path, expected, layout='cell', separator=';')
    assert 0.25 * ROWS < accepted < 0.75 * ROWS  # both outcomes are frequent


VALUES = [
    None,
    True,
    -1,
    0,
    3.5,
    '',
    'cat',
    '\ud800',
    'a\nb',
    '../x',
    [],
    {},
    [[]],
    ['cat'],
    10**30,
]


def generate_object(rng):
    """A line of JSON without its end: valid, damaged or noise."""
    row = {'image': f'{rng.randrange(10**6)}.jpg', 'tags': rng.sample(CLASSES, rng.randrange(4))}
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        change = rng.randrange(4)
        if change == 0:
            row[rng.choice(['image', 'tags', 'more'])] = rng.choice(VALUES)
        elif change == 1:
            row.pop(rng.choice([*row]), None) if row else None
        elif change == 2:
            row['tags'] = [*CLASSES[:2], rng.choice([*VALUES, *CLASSES])]
        else:
            row['tags'] = '; '.join(rng.sample(CLASSES, 2))
    data = json.dumps(row, ensure_ascii=rng.random() < 0.5).encode('utf-8', 'surrogatepass')
    return damage(rng, data) if rng.random() < 0.3 else data


def expected_of_object(line, first, seen):
    try:
        row = json.loads(line.decode('utf-8-sig' if first else 'utf-8'))
        pairs = json.loads(line.decode('utf-8-sig' if first else 'utf-8'), object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or len(pairs) > len(row):
        return None
    name, tags = row.get('image'), row.get('tags') or []
    if isinstance(tags, str):
        tags = tags.split(';') if tags.strip() else []
    if not isinstance(name, str) or not isinstance(tags, list):
        return None
    if not all(isinstance(tag, str) for tag in tags):
        return None
    return expected_entry(name, tags, seen)


def test_generated_json_lines_are_read_correctly_or_refused(tmp_path):
    rng, accepted = random.Random(1), 0
    path = tmp_path / 't.jsonl'
    for begin in range(0, ROWS, BATCH):
        lines = [generate_object(rng) for _ in range(min(BATCH, ROWS - begin))]
        lines[0] = b'{"image": "first.jpg", "tags": []}'
        path.write_bytes(b''.join(line + b'\n' for line in lines))
        seen = set()
        expected = {
            number: expected_of_object(line, number == 1, seen)
            for number, line in enumerate(lines, start=1)
        }
        accepted += compare(path, expected, layout='cell', separator=';')
    assert 0.25 * ROWS < accepted < 0.85 * ROWS


def test_noise_is_refused_with_a_label_error(tmp_path):
    rng = random.Random(2)
    for name in ('t.csv', 't.tsv', 't.jsonl', 't.txt', 't.parquet'):
        for _ in range(40):
            (tmp_path / name).write_bytes(rng.randbytes(rng.randrange(300)))
            parsed = parse_tag_table(tmp_path / name)
            assert all(type(problem) is LabelError for problem in parsed.problems)
            assert parsed.problems
