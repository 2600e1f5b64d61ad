"""Generated label files: each entry is read correctly or refused with a LabelError.

MLML_FUZZ=1000000 pytest tests/labels/test_fuzz.py   generates a million lines rather than 50,000
"""

import json
import os
import posixpath
import random
import re

import pytest

from mmpretrain_mlml.labels import (
    LabelError,
    parse_label_list,
    read_instances,
    read_label_list,
    write_label_list,
)

LINES = int(os.environ.get('MLML_FUZZ', 50_000))
BATCH = 2000
CLASSES = 80
FRAGMENTS = [
    b',', b',,', b' ', b'  ', b'\t', b'\r', b'\x00', b'\x0b', b'\x1c', b'\x7f', b'\xff', b'\xc3',
    b'\xed\xa0\x80', b'\xef\xbb\xbf', b'..', b'../', b'./', b'/', b'/.', b'//', b'\\', b'C:', b'-',
    b'+', b'-0', b'-1', b'0', b'00', b'007', b'79', b'80', b'81', b'1e1', b'1.0', b'1_0', b'0x1',
    b'9' * 5000, b'nan', b'True', b'"', b"'", b'#', b'%s', b'{}', b'=cmd', b'.jpg', b'a.jpg',
    b'a.jpg,1', *map(str.encode, '٣²é猫\uff11\U0001f431\u00a0\u2028\u200b\u202e\x85'),
]  # fmt: skip


def generate(rng):
    """A line without its end: valid, damaged or noise."""
    kind = rng.random()
    if kind < 0.05:
        return rng.randbytes(rng.randrange(40)).replace(b'\n', b'')
    if kind < 0.1:
        return b''.join(rng.choices(FRAGMENTS, k=rng.randrange(6)))
    folder = rng.choice([b'', b'', b'train/', b'x y/', 'ü/'.encode(), b'./', b'a//'])
    name = b'%s%d.jpg' % (folder, rng.randrange(10**6))
    ids = [b'%d' % i for i in rng.sample(range(CLASSES), rng.randrange(5))]
    line = name + rng.choice([b',', b', ', b',\t']) + rng.choice([b' ', b'  ', b'\t']).join(ids)
    line += rng.choice([b'', b'', b'\r', b' '])
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        at = rng.randrange(len(line) + 1)
        to = min(len(line), at + rng.randrange(3))
        new = rng.choice([b'', rng.choice(FRAGMENTS), rng.randbytes(1), line[at : at + 5]])
        line = line[:at] + new.replace(b'\n', b'') + line[to:]
    return line


def expected_entry(line, seen):
    """The entry of a line according to docs/data.md, or None; adds its name to those seen."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    match = re.fullmatch(r'([^,]+),([^,]*?)\r?', text, re.DOTALL)
    if not match:
        return None
    name, ids = match[1], [part for part in re.split(r'\s+', match[2]) if part]
    if not all(re.fullmatch('0|[1-9][0-9]?', part) and int(part) < CLASSES for part in ids):
        return None
    if len(set(ids)) < len(ids):
        return None
    if not name.isprintable() or name[0].isspace() or name[-1].isspace():
        return None
    if re.match(r'[/\\]|[^/\\]*:([/\\]|$)', name) or '..' in re.split(r'[/\\]', name):
        return None
    if posixpath.normpath(name) in seen:
        return None
    seen.add(posixpath.normpath(name))
    return name, sorted(map(int, ids))


def check(path, lines):
    """Read a file of lines and compare line by line; return how many were accepted."""
    path.write_bytes(b''.join(line + b'\n' for line in lines))
    parsed, location_of, problems = parse_label_list(path, CLASSES)
    assert all(type(problem) is LabelError and problem.got for problem in problems)
    refused = {int(problem.where.removeprefix(f'{path}:')) for problem in problems}
    assert len(refused) == len(problems)
    read = {
        int(location_of(index).removeprefix(f'{path}:')): entry
        for index, entry in enumerate(zip(*parsed))
    }
    first = [lines[0].removeprefix(b'\xef\xbb\xbf'), *lines[1:]]
    seen, accepted = set(), []
    for number, line in enumerate(first, start=1):
        expected = expected_entry(line, seen)
        assert (expected is None) == (number in refused), line
        if expected is not None:
            assert read[number] == expected, line
            accepted.append(expected)
    if problems:
        with pytest.raises(LabelError) as caught:
            read_label_list(path, CLASSES)
        assert str(caught.value) == str(problems[0])
    if accepted:
        write_label_list(path, *zip(*accepted))
        assert list(zip(*read_label_list(path, CLASSES))) == accepted
    return len(accepted)


def test_generated_lines_are_read_correctly_or_refused(tmp_path):
    rng = random.Random(0)
    accepted = 0
    for begin in range(0, LINES, BATCH):
        lines = [generate(rng) for _ in range(min(BATCH, LINES - begin))]
        accepted += check(tmp_path / 'list.txt', lines)
    assert 0.25 * LINES < accepted < 0.75 * LINES  # both outcomes are frequent


@pytest.mark.parametrize('line', FRAGMENTS + [b'a.jpg,' + part for part in FRAGMENTS])
def test_lists_of_one_line(tmp_path, line):
    check(tmp_path / 'list.txt', [line])


def test_noise_is_refused_with_a_label_error(tmp_path):
    rng = random.Random(1)
    for codec in ('utf-8', 'utf-16', 'latin-1', 'utf-32', 'cp1252', 'utf-7'):
        (tmp_path / 'list.txt').write_bytes('é.jpg,1\n'.encode(codec) + rng.randbytes(300))
        with pytest.raises(LabelError):
            read_label_list(tmp_path / 'list.txt', CLASSES)


VALUES = [None, True, -1, 0, 3, 3.0, 1e999, '3', '', '\ud800', 'a\nb', '../x', [], {}, [[]], 10**30]


def damaged(rng, content):
    """A copy with values replaced, removed or repeated anywhere in it."""
    content = json.loads(json.dumps(content))
    for _ in range(rng.randrange(3)):
        place = rng.choice([content, *(row for rows in content.values() for row in rows)])
        key = rng.choice(list(place))
        change = rng.randrange(3)
        if change == 0:
            place[key] = rng.choice(VALUES)
        elif change == 1:
            del place[key]
        elif isinstance(place[key], list):
            place[key] = [*place[key], rng.choice([*VALUES, *place[key]])]
        if not all(isinstance(rows, list) and rows for rows in content.values()):
            break
        if not all(isinstance(row, dict) and row for rows in content.values() for row in rows):
            break
    return content


def expected_labels(content):
    """The labels in valid annotations, computed without any check."""
    order = sorted(row['id'] for row in content['categories'])
    names = {row['id']: row['file_name'] for row in content['images']}
    labels = {name: set() for name in names.values()}
    for row in content['annotations']:
        labels[names[row['image_id']]].add(order.index(row['category_id']))
    return {name: sorted(present) for name, present in labels.items() if present}


def test_generated_annotations_are_read_correctly_or_refused(tmp_path):
    rng = random.Random(2)
    content = {
        'images': [{'id': n, 'file_name': f'{n}.jpg'} for n in range(4)],
        'annotations': [{'id': n, 'image_id': n % 3, 'category_id': 2 + n % 4} for n in range(8)],
        'categories': [{'id': n, 'name': str(n)} for n in range(2, 6)],
    }
    path = tmp_path / 'instances.json'
    files, accepted = min(LINES // 25, 20_000), 0
    for _ in range(files):
        damage = damaged(rng, content)
        data = json.dumps(damage).encode()
        if rng.random() < 0.3:
            at = rng.randrange(len(data))
            damage, data = None, data[:at] + rng.randbytes(1) + data[at + rng.randrange(2) :]
        path.write_bytes(data)
        try:
            names, labels = read_instances(path, ['2', '3', '4', '5'])
        except LabelError:
            continue
        accepted += 1
        damage = damage or json.loads(data)
        assert dict(zip(names, labels)) == expected_labels(damage)
    assert 0.1 * files < accepted < 0.9 * files
