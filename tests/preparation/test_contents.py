"""What is there of a data set is verified by what is known of it."""

import pytest
from helpers.public_sets import VOC

from mmpretrain_mlml.preparation import Listed, Present, Shown


def test_numbers_of_files_and_lines(tmp_path):
    (tmp_path / 'images').mkdir()
    for name in ('a.jpg', 'b.jpg', 'c.png', '.d.jpg'):
        (tmp_path / 'images' / name).touch()
    for text in ('1\n2\n3', '1\n2\n3\n'):
        (tmp_path / 'list.txt').write_text(text)
        assert Present('list.txt', 3).fault(tmp_path) == ''
    assert Present('list.txt', 4).fault(tmp_path) == 'list.txt: 3 of 4 lines'
    assert Present('images', 2, '.jpg').fault(tmp_path) == ''
    assert Present('images', 3, '.jpg').fault(tmp_path) == 'images: 2 of 3 .jpg files'
    assert Present('images', 1).fault(tmp_path) == ''
    assert Present('images', 4).fault(tmp_path) == 'images: 3 of 4 files'
    assert Present('images').fault(tmp_path) == ''
    assert Present('other').fault(tmp_path) == 'no other'


def test_files_of_each_listed_image(public_sets, tmp_path):
    root = public_sets / 'VOCdevkit'
    files = ('VOC2012/JPEGImages/{}.jpg', 'VOC2012/Annotations/{}.xml')
    listed = Listed('VOC2012/ImageSets/Main/train.txt', 4, files)
    assert listed.fault(root) == ''
    (tmp_path / 'VOC2012/ImageSets/Main').mkdir(parents=True)
    text = (root / listed.path).read_text()
    (tmp_path / listed.path).write_text(text)
    first = next(iter(VOC))
    assert listed.fault(tmp_path) == f'4 of 4 missing, such as VOC2012/JPEGImages/{first}.jpg'
    (tmp_path / listed.path).write_text(text[:-12])
    assert listed.fault(tmp_path) == f'{listed.path}: 3 of 4 lines'


def test_labels_of_coco(coco_root, tmp_path):
    path = 'annotations/instances_train2014.json'
    assert Shown(path, 7, 28).fault(coco_root) == ''
    wrong = '7 labelled images and 28 labels, expected 82,081 and 241,035'
    assert wrong in Shown(path, 82_081, 241_035).fault(coco_root)
    assert Shown(path, 7, 28).fault(tmp_path) == f'no {path}'
    (tmp_path / 'annotations').mkdir()
    (tmp_path / path).write_text('{')
    assert 'expected a complete JSON file' in Shown(path, 7, 28).fault(tmp_path)


@pytest.mark.parametrize('name', ['train', 'val'])
def test_the_numbers_of_coco_are_those_of_the_released_lists(shared, name):
    from mmpretrain_mlml.labels import read_label_list
    from mmpretrain_mlml.preparation import CATALOGUE

    suffix = 'train_full' if name == 'train' else 'val_full'
    names, labels = read_label_list(shared / f'coco_labels/coco_{suffix}.txt', 80)
    known = {content.path: content for content in CATALOGUE['coco2014'].archives[0].holds}
    content = known[f'annotations/instances_{name}2014.json']
    assert (content.images, content.labels) == (len(names), sum(map(len, labels)))
