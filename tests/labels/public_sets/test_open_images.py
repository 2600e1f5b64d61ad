"""The verified labels of Open Images: three values, 9,605 classes, several people, any release."""

import pickle

import pytest
from helpers.public_sets import OPEN_IMAGES, TRAINABLE, class_id, write_open_images

from mmpretrain_mlml.labels import LabelError
from mmpretrain_mlml.labels.public_sets import parse_open_images

TRAIN = 'oidv7-train-annotations-human-imagelabels.csv'


@pytest.fixture
def root(tmp_path):
    return write_open_images(tmp_path / 'openimages')


def entries(table, row):
    return dict(zip(*(part.tolist() for part in table.entries(row))))


def test_labels_are_three_valued(public_sets):
    parsed = parse_open_images(public_sets / 'openimages', 'train')
    table = parsed.require_no_problems()
    images = list(OPEN_IMAGES)[:4]
    assert list(table.names) == [f'{image}.jpg' for image in images]
    assert len(table.classes) == len(set(table.classes)) == TRAINABLE
    assert table.classes[2:5] == ('Class, 2', 'Crane (/m/000003)', 'Crane (/m/000004)')
    assert [entries(table, row) for row in range(4)] == [OPEN_IMAGES[image] for image in images]
    assert table.fill == -1
    assert '1 classes are not in the class list and left out, /m/other' in parsed.notes[1]


def test_some_classes_by_name_or_id(public_sets):
    root = public_sets / 'openimages'
    chosen = (class_id(1), 'Class, 0', 'Crane (/m/000003)')
    table = parse_open_images(root, 'train', chosen).require_no_problems()
    assert table.classes == chosen
    assert [entries(table, row) for row in range(4)] == [{0: 0, 1: 1}, {2: 1}, {}, {1: 0}]
    with pytest.raises(ValueError, match=r"'Class, 9999' is not one of the \d+ classes; nearest: "):
        parse_open_images(root, 'train', ['Class, 9999'])


def test_what_several_people_say_is_one_label_or_unobserved(root):
    image = next(iter(OPEN_IMAGES))
    with (root / TRAIN).open('a') as file:
        file.write(f'{image},crowdsource-verification,{class_id(0)},1\n')  # as before
        file.write(f'{image},crowdsource-verification,{class_id(1)},1\n')  # 0 before
        file.write(f'{image},crowdsource-verification,{class_id(1)},0\n')
    table = parse_open_images(root, 'train').require_no_problems()
    assert entries(table, 0) == {0: 1, 9604: 1}
    assert len(table) == 4


def test_a_cache_keeps_the_names_of_the_classes(root):
    first = parse_open_images(root, 'train', cache=True).table
    second = parse_open_images(root, 'train', cache=True).table
    assert first == second == pickle.loads(pickle.dumps(second))
    assert second.classes[3] == 'Crane (/m/000003)'
    assert parse_open_images(root, 'train', ['Class, 0'], cache=True).table.classes == ('Class, 0',)


def test_earlier_releases(root):
    """V4 and V5 have other names, no header in the descriptions, and confidences as 1.0."""
    for path in list(root.glob('oidv7-*.csv')):
        path.rename(path.with_name(path.name.replace('oidv7-', '').replace('val-', 'validation-')))
    descriptions = root / 'class-descriptions.csv'
    descriptions.write_text(descriptions.read_text().partition('\n')[2])
    train = root / TRAIN.removeprefix('oidv7-')
    train.write_text(train.read_text().replace(',1\n', ',1.0\n').replace(',0\n', ',0.0\n'))
    table = parse_open_images(root, 'train').require_no_problems()
    assert entries(table, 0) == {0: 1, 1: 0, 9604: 1}
    assert len(parse_open_images(root, 'validation').require_no_problems()) == 2


def test_bad_files(root):
    with pytest.raises(ValueError, match="split='val': expected one of"):
        parse_open_images(root, 'val')
    with pytest.raises(
        FileNotFoundError, match=r'no .*\*test\*-annotations-human-imagelabels\.csv'
    ):
        parse_open_images(root, 'test')
    lines = (root / TRAIN).read_text()
    (root / TRAIN).write_text(lines + f'0000048549557964,verification,{class_id(2)},0.7\n')
    with pytest.raises(LabelError, match=r"train-.*csv:\d+: got the value '0\.7'; expected 1"):
        parse_open_images(root).require_no_problems()
    (root / TRAIN).write_text(lines)
    (root / TRAIN.replace('7', '6')).write_text(lines)
    with pytest.raises(LabelError, match='several files with the labels of Open Images'):
        parse_open_images(root)
    (root / TRAIN.replace('7', '6')).unlink()
    (root / 'oidv7-class-descriptions.csv').write_text('LabelName,DisplayName\n')
    with pytest.raises(LabelError, match="no name of '/m/000000'"):
        parse_open_images(root)
    (root / 'oidv7-class-descriptions.csv').write_text('/m/000000,a,b\n')
    with pytest.raises(LabelError, match=r'descriptions\.csv:1: got 3 cells'):
        parse_open_images(root)
