"""Labels from any source, images drawn from them, the lists of the photos configs."""

import random

import numpy as np
import pytest

from mmpretrain_mlml.labels import (
    COCO_CLASSES,
    LabelError,
    LabelTable,
    read_instances,
    read_label_list,
    write_tag_table,
)
from mmpretrain_mlml.labels.change import LabelChange
from mmpretrain_mlml.labels.making import draw_images, read_labels, write_coco_lists
from mmpretrain_mlml.labels.protocols import RPS, FalsePositives, PaperRule
from mmpretrain_mlml.labels.public_sets import (
    parse_nus_wide,
    parse_open_images,
    parse_pascal_voc,
)


def test_every_source_gives_the_same_table(coco_root, tmp_path):
    path = coco_root / 'annotations/instances_train2014.json'
    table = read_labels(path)
    assert (list(table.names), list(table.positive_lists)) == tuple(read_instances(path))
    assert table.classes == COCO_CLASSES
    assert table.fill == 0
    assert read_labels(coco_root / 'train_full.txt') == table
    for name in ('tags.csv', 'tags.jsonl', 'tags.parquet'):
        write_tag_table(tmp_path / name, table)
        assert read_labels(tmp_path / name, COCO_CLASSES, unlisted='absent') == table
    assert read_labels(tmp_path / 'tags.csv', COCO_CLASSES).fill == -1
    assert read_labels(path, unlisted='unobserved').fill == -1


def test_classes_of_a_list_come_from_a_file(tmp_path):
    (tmp_path / 'list.txt').write_text('a.jpg,0 1\n')
    (tmp_path / 'classes.txt').write_text('cat\ndog\n')
    table = read_labels(tmp_path / 'list.txt', tmp_path / 'classes.txt')
    assert table.classes == ('cat', 'dog')
    (tmp_path / 'list.txt').write_text('a.jpg,2\n')
    with pytest.raises(LabelError, match=r'list\.txt:1: got class index .2.'):
        read_labels(tmp_path / 'list.txt', tmp_path / 'classes.txt')


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no .*nothing\.csv'):
        read_labels(tmp_path / 'nothing.csv')
    (tmp_path / 'list.txt').write_text('a.jpg,0\n')
    with pytest.raises(ValueError, match='is no table of tags: separator has no meaning'):
        read_labels(tmp_path / 'list.txt', separator=';')
    with pytest.raises(ValueError, match="unlisted='maybe'"):
        read_labels(tmp_path / 'list.txt', unlisted='maybe')


def test_images_are_drawn_as_ever():
    names = [f'{index}.jpg' for index in range(50)]
    table = LabelTable.from_positives(names, [[index % 3] for index in range(50)], 'abc')
    drawn = draw_images(table, 7, seed=5)
    assert list(drawn.names) == [names[i] for i in sorted(random.Random(5).sample(range(50), 7))]
    assert draw_images(table, None) is table
    for number in (0, 51):
        with pytest.raises(ValueError, match=f'images={number}: expected 1 to 50'):
            draw_images(table, number)


def test_lists_are_not_overwritten(coco_root, tmp_path):
    written = dict(write_coco_lists(coco_root, tmp_path, (4, 2), seed=3))
    assert [path.name for path in written] == [
        'train_full.txt', 'train_0.75left.txt', 'train_0.4left.txt', 'train_singlelabel.txt',
        'val_full.txt',
    ]  # fmt: skip
    for path, table in written.items():
        assert read_label_list(path, 80) == (list(table.names), list(table.positive_lists))
    (tmp_path / 'train_full.txt').unlink()
    with pytest.raises(FileExistsError, match=r'train_0\.75left\.txt exists'):
        list(write_coco_lists(coco_root, tmp_path))
    assert not (tmp_path / 'train_full.txt').exists()
    with pytest.raises(FileNotFoundError, match='the folder that holds COCO 2014'):
        list(write_coco_lists(tmp_path, tmp_path))


def test_a_change_in_numbers():
    labels = (np.random.RandomState(0).rand(50, 6) < 0.4).astype(np.int8)
    before = LabelTable.from_dense([f'{i}.jpg' for i in range(50)], labels, 'uvwxyz')
    after = before
    for protocol in (PaperRule('single'), FalsePositives(0.1), RPS(0.2)):
        after = protocol.apply(after, 1)
    change, end = LabelChange.between(before, after), after.dense()
    assert change.images == 50
    assert change.kept.tolist() == ((labels == 1) & (end == 1)).sum(0).tolist()
    assert change.dropped == ((labels == 1) & (end != 1)).sum()
    assert change.added == ((labels != 1) & (end == 1)).sum() > 0
    assert change.false_negatives == pytest.approx(change.dropped / (end != 1).sum())
    assert (change.absent, change.unobserved) == ((end == 0).sum(), (end == -1).sum())
    assert change.per_image[1][0] == (end == 1).any(1).__invert__().sum()
    assert change.as_json()['by_class']['w']['before'] == labels[:, 2].sum()
    assert np.isnan(LabelChange.between(before.take([]), after.take([])).share_left).all()
    with pytest.raises(ValueError, match='the same images and classes'):
        LabelChange.between(before, after.take([0]))


@pytest.mark.parametrize(
    ('folder', 'parse'),
    [
        ('VOCdevkit/VOC2007', parse_pascal_voc),
        ('nuswide', parse_nus_wide),
        ('openimages', parse_open_images),
    ],
)
def test_folders_of_public_data_sets(public_sets, folder, parse):
    path = public_sets / folder
    parsed = parse(path, 'train').table
    kept = read_labels(path, split='train', keep_unlabelled=True)
    assert kept == parsed
    assert len(read_labels(path)) < len(kept) or folder == 'openimages'
    chosen = parsed.classes[3:1:-1]
    assert read_labels(path, chosen, keep_unlabelled=True).classes == chosen
    with pytest.raises(ValueError, match='says what is absent: no unlisted'):
        read_labels(path, unlisted='absent')
    with pytest.raises(ValueError, match='columns has no meaning for it; it takes split'):
        read_labels(path, columns={})
