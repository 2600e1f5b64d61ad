"""Label lists."""

import pickle

import pytest

from mmpretrain_mlml.labels import (
    LabelError,
    parse_label_list,
    read_label_list,
    write_label_list,
)


@pytest.fixture
def write(tmp_path):
    def write(data):
        path = tmp_path / 'list.txt'
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('a.jpg,0\nb.jpg, 0 52\n', [[0], [0, 52]]),
        ('a.jpg,3 1\nb.jpg,79', [[1, 3], [79]]),
        ('a.jpg,0\r\nb.jpg,\t1  2 \r\n', [[0], [1, 2]]),
        ('\ufeffa.jpg,7\nb.jpg,\n', [[7], []]),
    ],
    ids=[
        'released',
        'unordered, no last line end',
        'CRLF, tab, blanks',
        'byte order mark, no label',
    ],
)
def test_the_format_and_its_variants(write, text, expected):
    names, labels = read_label_list(write(text), 80)
    assert names == ['a.jpg', 'b.jpg']
    assert labels == expected


def test_a_name_may_hold_blanks_and_folders(write):
    assert read_label_list(write('x/a b.jpg,4\n'), 80).names == ['x/a b.jpg']


@pytest.mark.parametrize(
    ('text', 'line', 'got'),
    [
        ('a.jpg,1\nb.jpg 2\n', 2, 'without a comma'),
        ('a.jpg,1\n\nb.jpg,2\n', 2, 'an empty line'),
        (',1\n', 1, 'without an image name'),
        ('a.jpg,80\n', 1, "class index '80'"),
        ('a.jpg,1\nb.jpg,-1\n', 2, "class index '-1'"),
        ('a.jpg,1.0\n', 1, "class index '1.0'"),
        ('a.jpg,one\n', 1, "class index 'one'"),
        ('a.jpg,1_0\n', 1, "class index '1_0'"),
        ('a.jpg,٣\n', 1, 'class index'),
        ('a.jpg,1 2 1\n', 1, 'class index 1 twice'),
        ('a.jpg,1\nb.jpg,2\na.jpg,3\n', 3, "'a.jpg' again, first at .*:1"),
        ('/etc/a.jpg,1\n', 1, "'/etc/a.jpg'"),
        ('a.jpg,1\nx/../../b.jpg,1\n', 2, 'b.jpg'),
        ('C:\\a.jpg,1\n', 1, 'a.jpg'),
        (b'a.jpg,1\nb\xff.jpg,2\n', 2, 'bytes'),
        ('a.jpg,0,52\n', 1, "class index '0,52'"),
        (' a.jpg,0\n', 1, "' a.jpg'"),
        ('a\x07.jpg,0\n', 1, r'a\\x07'),
        ('a.jpg,0\rb.jpg,1\r', 1, 'class index'),
    ],
)
def test_problems_name_file_and_line(write, text, line, got):
    path = write(text)
    with pytest.raises(LabelError, match=got) as caught:
        read_label_list(path, 80)
    assert str(caught.value).startswith(f'{path}:{line}: got ')
    assert '; expected ' in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_an_empty_list_is_an_error(write):
    with pytest.raises(LabelError, match=r'list\.txt: got no line'):
        read_label_list(write(''), 80)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'nowhere\.txt'):
        read_label_list(tmp_path / 'nowhere.txt', 80)


def test_writing_and_reading_are_inverse(tmp_path):
    path = tmp_path / 'out.txt'
    write_label_list(path, ['a.jpg', 'x/b.jpg', 'c.jpg'], [[0, 52], [], [79]])
    assert path.read_bytes() == b'a.jpg,0 52\nx/b.jpg,\nc.jpg,79\n'
    assert read_label_list(path, 80) == (['a.jpg', 'x/b.jpg', 'c.jpg'], [[0, 52], [], [79]])


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / 'out.txt'
    write_label_list(path, ['a.jpg'], [[1]])
    with pytest.raises(ValueError, match='shorter'):
        write_label_list(path, ['b.jpg', 'c.jpg'], [[1]])
    for name in ('b\n.jpg', 'b,c.jpg', ' b.jpg'):
        with pytest.raises(ValueError, match='without commas'):
            write_label_list(path, [name], [[1]])
    assert path.read_text() == 'a.jpg,1\n'


def test_released_lists_are_unchanged_by_a_round_trip(shared, tmp_path):
    for official in sorted((shared / 'coco_labels').glob('coco_train_*.txt')):
        read = read_label_list(official, 80)
        assert len(read.names) == 82_081
        write_label_list(tmp_path / official.name, *read)
        assert read_label_list(tmp_path / official.name, 80) == read


def test_parsing_collects_all_problems_and_keeps_the_rest(write):
    path = write(
        b'a.jpg,1\nb.jpg\nc.jpg,80\nd\xff.jpg,1\ne.jpg,2 2\n\n../f.jpg,3\na.jpg,4\ng.jpg,5'
    )
    (names, labels), location_of, problems = parse_label_list(path, 80)
    assert [problem.where for problem in problems] == [f'{path}:{n}' for n in (2, 3, 4, 5, 6, 7, 8)]
    assert dict(zip(names, labels))['g.jpg'] == [5]
    assert location_of(names.index('g.jpg')) == f'{path}:9'
    with pytest.raises(LabelError) as caught:
        read_label_list(path, 80)
    assert str(caught.value) == str(problems[0])


@pytest.mark.parametrize('alias', ['./a.jpg', './/a.jpg', 'x/../a.jpg', 'a.jpg/.'])
def test_spellings_of_one_path_are_one_image(write, alias):
    with pytest.raises(LabelError, match=r'list\.txt:2: got '):
        read_label_list(write(f'a.jpg,1\n{alias},2\n'), 80)


def test_a_byte_order_mark_does_not_shift_lines(write):
    with pytest.raises(LabelError, match=r'list\.txt:2: got bytes'):
        read_label_list(write(b'\xef\xbb\xbfa,1\n\xff,1\n'), 80)
