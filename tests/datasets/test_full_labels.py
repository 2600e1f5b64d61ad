"""Full labels are matched with training images by name."""

import pytest

from mmpretrain_mlml import COCOMissingLabel, DigitScenes
from mmpretrain_mlml.datasets.full_labels import FullLabels

NAMES = [f'{i}.jpg' for i in range(5)]
KEPT, FULL = [[1], [2], [3], [4], [5]], [[1, 7], [2], [3, 8, 9], [4], [5, 0]]


class Sample:
    def __init__(self, index):
        self.sample_idx = index


@pytest.fixture
def config(tmp_path):
    """The config of a label list, beside lists of all its labels and of a few images only."""

    def write(name, labels, order):
        lines = [f'{NAMES[i]},{" ".join(map(str, labels[i]))}' for i in order]
        (tmp_path / name).write_text('\n'.join(lines) + '\n')

    write('some.txt', KEPT, range(5))
    write('all.txt', FULL, [4, 2, 0, 1, 3])
    write('few.txt', FULL, [3, 1])
    return {'type': 'mmpretrain_mlml.COCOMissingLabel', 'ann_file': 'some.txt',
            'data_root': str(tmp_path), 'data_prefix': 'images'}  # fmt: skip


@pytest.fixture
def dataset(config):
    return COCOMissingLabel(**{key: value for key, value in config.items() if key != 'type'})


def test_labels_are_found_by_name_in_any_order(config, dataset):
    wrapped = {'type': 'RepeatDataset', 'times': 2, 'dataset': config}
    labels = FullLabels(dataset, wrapped, {'ann_file': 'all.txt', 'protocol': 'full'})
    truth = labels.of([Sample(2), Sample(0), Sample(4)])
    assert [row.nonzero().flatten().tolist() for row in truth] == [[3, 8, 9], [1, 7], [0, 5]]
    with pytest.raises(ValueError, match='sample_idx'):
        labels.of([object()])


def test_images_without_full_labels_are_named(config, dataset):
    with pytest.raises(ValueError, match=r'few.txt.*of 3 of 5.*images/0.jpg.*images/4.jpg'):
        FullLabels(dataset, config, {'ann_file': 'few.txt'})


def test_labels_that_do_not_fit_are_refused():
    config = {'type': 'mmpretrain_mlml.DigitScenes', 'size': 8, 'protocol': 'single'}
    dataset = DigitScenes(size=8, protocol='single')
    with pytest.raises(ValueError, match='expected the same'):
        FullLabels(dataset, config, {'metainfo': {'classes': ['a', 'b']}, 'protocol': 'full'})
    with pytest.raises(ValueError, match=r'unobserved entries in train/00000\d'):
        FullLabels(dataset, config, {'protocol': 'full', 'unknown': 0.9})
    with pytest.raises(ValueError, match='no labels of 4 of 8'):
        FullLabels(dataset, config, {'size': 4})
