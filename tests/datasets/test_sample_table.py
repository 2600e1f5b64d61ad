"""The labels of wrapped tables are those of their samples, found without reading the samples."""

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.registry import init_default_scope
from mmpretrain.datasets import KFoldDataset

from mmpretrain_mlml import DigitScenes, TagTable
from mmpretrain_mlml.datasets.digest import describe_data
from mmpretrain_mlml.datasets.sample_table import sample_table
from mmpretrain_mlml.datasets.statistics import count_kinds

TAGS = ['cat', 'dog;cat', '', 'owl']


@pytest.fixture
def build(tmp_path):
    rows = ''.join(f's/{n}.png,{TAGS[n % 4]}\n' for n in range(12))
    (tmp_path / 'tags.csv').write_text(f'image,tags\n{rows}')

    def build_one(kind=TagTable, **options):
        return kind(ann_file='tags.csv', data_root=str(tmp_path), data_prefix='photos', **options)

    return build_one


def fold(build, **options):
    return KFoldDataset(build(dict, type='mmpretrain_mlml.TagTable'), **options)


class EverySecond(RepeatDataset):
    """A wrapper of which the package knows nothing."""

    def get_data_info(self, idx):
        return super().get_data_info(2 * idx)

    def __len__(self):
        return super().__len__() // 2


WRAPPED = {
    'alone': lambda build: build(),
    'subset': lambda build: build(indices=[3, 1, 3]),
    'repeat': lambda build: RepeatDataset(build(lazy_init=True), 3, lazy_init=True),
    'balanced': lambda build: ClassBalancedDataset(build(), 0.5),
    'fold': lambda build: fold(build, fold=1, num_splits=3, seed=2),
    'concat': lambda build: ConcatDataset([build(), build(protocol='single', indices=5)]),
    'nested': lambda build: ConcatDataset(
        [
            {
                'type': 'RepeatDataset',
                'times': 2,
                'dataset': {
                    'type': 'KFoldDataset',
                    'dataset': build(dict, type='mmpretrain_mlml.TagTable'),
                },
            },
            {'type': 'ClassBalancedDataset', 'oversample_thr': 0.5, 'dataset': build()},
        ]
    ),
    'three values': lambda build: RepeatDataset(build(unknown=0.5, unlisted='absent'), 2),
    'unknown wrapper': lambda build: EverySecond(build(), 2),
    'different fills': lambda build: ConcatDataset([build(), build(unlisted='absent')]),
    'part of another kind': lambda build: ConcatDataset(
        [DigitScenes(size=9), DigitScenes(size=5, unknown=0.5)]
    ),
}


@pytest.mark.parametrize('wrapped', WRAPPED)
def test_labels_are_those_of_the_samples(build, wrapped):
    init_default_scope('mmpretrain')
    dataset = WRAPPED[wrapped](build)
    table = sample_table(dataset)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    classes = len(dataset.metainfo['classes'])
    targets = np.array([
        info.get('gt_score', np.isin(range(classes), info['gt_label'])) for info in infos
    ])  # fmt: skip
    kinds = count_kinds(dataset)
    for count, value in zip(kinds, (1, 0, -1), strict=True):
        assert count.tolist() == (targets == value).sum(0).tolist()
    assert (table is None) == (
        wrapped in ('unknown wrapper', 'different fills', 'part of another kind')
    )
    if table is not None:
        assert table.dense().tolist() == targets.tolist()
        assert [f'{dataset_prefix(dataset)}/{name}' for name in table.names] == [
            info['img_path'] for info in infos
        ]


def dataset_prefix(dataset):
    while not hasattr(dataset, 'img_prefix'):
        dataset = dataset.datasets[0] if hasattr(dataset, 'datasets') else dataset.dataset
    return dataset.img_prefix


def test_no_sample_is_read(build, monkeypatch):
    init_default_scope('mmpretrain')
    dataset = WRAPPED['nested'](build)
    one = describe_data(build(indices=[0, 1, 0, 1]))
    monkeypatch.setattr(TagTable, 'get_data_info', None)
    assert count_kinds(dataset).present.sum() > 0
    assert {'labels', 'image_names'} <= set(describe_data(dataset))
    other = describe_data(RepeatDataset(build(indices=[0, 1]), 2))
    assert {key: other[key] for key in ('labels', 'image_names')} == {
        key: one[key] for key in ('labels', 'image_names')
    }
