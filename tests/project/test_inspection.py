import pytest

from mmpretrain_mlml.labels import LabelTable
from mmpretrain_mlml.project import ProjectError, describe, doubts, missing_images


def make(positives, classes=('cat', 'dog', 'owl')):
    return LabelTable.from_positives(
        [f'day {row % 2}/{row}.jpg' for row in range(len(positives))], positives, classes
    )


def test_images_classes_and_labels_are_described():
    lines = '\n'.join(describe(make([[0, 1], [0], [], [0]])))
    assert '4 images, 3 classes' in lines
    assert '1.00 on average, 0 to 2; 1 images have none' in lines
    assert '4 present, 0 absent (verified), 8 unobserved' in lines
    assert 'most: cat 3, dog 1, owl 0' in lines


def test_rare_classes_are_named():
    assert list(doubts(make([[0, 1]] + [[0]] * 9))) == [
        '1 class has no image: nothing can be learned about them: owl',
        '1 class has one image only, which stays in the training set: dog',
    ]
    assert '3 classes have fewer than 10 images: cat, dog, owl' in list(
        doubts(make([[0, 1, 2]] * 3))
    )


def test_a_table_with_few_labels_is_doubted():
    assert any(
        '11 of 21 images have no label' in line for line in doubts(make([[0]] * 10 + [[]] * 11))
    )


def test_missing_files_are_found_in_subfolders(tmp_path):
    for name in ('day 0/0.jpg', 'day 1/1.jpg', 'day 1/5.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / 'day 0/2.jpg').mkdir()
    assert missing_images(make([[]] * 6), tmp_path).tolist() == [2, 3, 4]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ProjectError, match='none: got nothing; expected the folder of the images'):
        missing_images(make([[]]), tmp_path / 'none')
