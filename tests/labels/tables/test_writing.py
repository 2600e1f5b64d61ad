"""What is read and written again is equal, in every format and layout."""

import numpy as np
import pytest

from mmpretrain_mlml.labels import (
    LabelTable,
    parse_tag_table,
    read_class_list,
    read_tag_table,
    write_class_list,
    write_tag_table,
)

PLAIN = ['cat', 'dog', 'hot dog', 'owl']
ODD = ['a;b', 'c|d', 'e,f', '"q"', '日本', 'x y', '[1]', "it's", '-1']
SINGLE = ['traffic light', 'stop sign']
rng = np.random.default_rng(0)


def matrix(kind, classes):
    """Labels of 20 images, of one kind."""
    labels = rng.integers(-1, 2, (20, len(classes)))
    if kind == 'complete':
        return np.maximum(labels, 0)
    if kind == 'positive':
        return np.where(labels == 1, 1, -1)
    if kind == 'mostly absent':
        return np.where(rng.random(labels.shape) < 0.9, 0, labels)
    if kind == 'one each':
        return np.where(np.arange(len(classes)) == rng.integers(len(classes), size=(20, 1)), 1, -1)
    return labels


KINDS = ['all', 'complete', 'positive', 'mostly absent', 'one each']


def same_again(path, table, classes, written, **options):
    write_tag_table(path, table, written)
    options.setdefault('unlisted', 'absent' if table.fill == 0 else 'unobserved')
    return parse_tag_table(path, classes, **options).require_no_problems() == table


@pytest.mark.parametrize('classes', [PLAIN, ODD, SINGLE], ids=['plain', 'odd', 'single'])
@pytest.mark.parametrize('layout', ['cell', 'columns', 'rows'])
@pytest.mark.parametrize('suffix', ['.csv', '.tsv', '.jsonl', '.parquet'])
def test_tables_are_read_as_they_were_written(tmp_path, suffix, layout, classes):
    if suffix == '.parquet':
        pytest.importorskip('pyarrow')
    names = [f'sub folder/é {number}, "x".jpg' for number in range(20)]
    for kind in KINDS:
        table = LabelTable.from_dense(names, matrix(kind, classes), classes)
        path = tmp_path / f'{kind}{suffix}'
        assert same_again(path, table, classes, layout), (kind, path.read_bytes()[:300])
    assert [path.suffix for path in tmp_path.iterdir()] == [suffix] * len(KINDS)


def test_without_a_class_list_the_layout_with_columns_keeps_all_classes(tmp_path):
    table = LabelTable.from_dense(list('ab'), np.array([[1, 0], [-1, 0]]), ['cat', 'image'])
    assert same_again(tmp_path / 't.csv', table, None, 'columns', layout='columns')


def test_further_columns_are_written(tmp_path):
    (tmp_path / 'in.csv').write_text('image,tags,site\na.jpg,x,A\nb.jpg,y;x,\n')
    table = read_tag_table(tmp_path / 'in.csv', extras=['site'])
    for layout in ('cell', 'columns', 'rows'):
        write_tag_table(tmp_path / f'{layout}.csv', table, layout)
        again = read_tag_table(tmp_path / f'{layout}.csv', extras=['site'])
        assert again == table
        assert again.extras['site'] == ['A', '']


def test_lists_and_text_files_hold_positive_labels(tmp_path):
    names = ['a.jpg', 's/b.png', 'c.jpg', 'd.jpg']
    table = LabelTable.from_positives(names, [[0, 2], [], [1], [3]], ['x', 'two words', 'e,f', 'y'])
    write_tag_table(tmp_path / 'list.txt', table)
    assert (tmp_path / 'list.txt').read_text() == 'a.jpg,0 2\ns/b.png,\nc.jpg,1\nd.jpg,3\n'
    assert read_tag_table(tmp_path / 'list.txt', table.classes) == table
    folder = tmp_path / 'photos'
    (folder / 's').mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(b'')
    write_tag_table(folder, table)
    assert read_tag_table(folder, table.classes) == table.take([0, 2, 3, 1])  # sorted by name
    with pytest.raises(FileExistsError, match=r'4 files exist, such as .*a\.txt'):
        write_tag_table(folder, table)
    write_tag_table(folder, table, overwrite=True)
    absent = LabelTable.from_dense(['a.jpg'], np.array([[1, 0, -1]]), 'xyz')
    for path in (tmp_path / 'other.txt', folder):
        with pytest.raises(ValueError, match='holds positive labels only'):
            write_tag_table(path, absent, overwrite=True)


def test_existing_files_stay(tmp_path):
    table = LabelTable.from_positives(['a.jpg'], [[0]], ['x'])
    for name in ('t.csv', 't.jsonl', 'list.txt'):
        (tmp_path / name).write_text('mine')
        with pytest.raises(
            FileExistsError, match=f'{name} exists: give another name, or overwrite'
        ):
            write_tag_table(tmp_path / name, table)
        assert (tmp_path / name).read_text() == 'mine'
        write_tag_table(tmp_path / name, table, overwrite=True)
        assert read_tag_table(tmp_path / name, ['x']) == table
    for name, layout, message in (
        ('t.xlsx', None, r"ending '\.xlsx'; expected \.csv"),
        ('n.csv', 'row', "layout='row'"),
    ):
        with pytest.raises(ValueError, match=message):
            write_tag_table(tmp_path / name, table, layout)
        assert not (tmp_path / name).exists()


def test_class_lists(tmp_path):
    path = tmp_path / 'classes.txt'
    write_class_list(path, ODD)
    assert read_class_list(path) == tuple(ODD)
    with pytest.raises(FileExistsError, match='classes\\.txt exists'):
        write_class_list(path, PLAIN)
    write_class_list(path, PLAIN, overwrite=True)
    assert read_class_list(path) == tuple(PLAIN)
