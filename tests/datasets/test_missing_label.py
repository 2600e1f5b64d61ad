"""The base class of data sets with missing labels."""

import pickle

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope

from mmpretrain_mlml import DigitScenes
from mmpretrain_mlml.datasets import MissingLabelDataset, SampleError
from mmpretrain_mlml.labels import (
    LabelError,
    LabelList,
    LabelTable,
    ParsedLabels,
    drop_labels,
    hide_entries,
)
from mmpretrain_mlml.labels.protocols import apply_protocols, build_protocols

PACK = [{'type': 'PackInputs'}]
NAMES, LABELS = ['a.jpg', 'x/b.jpg', 'c.jpg'], [[0, 1, 2, 3], [], [2, 4]]


class Listed(MissingLabelDataset):
    """The least that a data set defines."""

    METAINFO = {'classes': tuple('vwxyz')}
    problems = ()

    def load_labels(self):
        return ParsedLabels(LabelList(NAMES, LABELS), 'line {}'.format, [*self.problems])


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def samples_of(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


@pytest.mark.parametrize(('prefix', 'folder'), [('', ''), ('images', 'images/')])
def test_load_labels_is_all_that_a_data_set_defines(prefix, folder):
    dataset = Listed(ann_file='', data_prefix=prefix)
    assert samples_of(dataset) == [
        {'img_path': folder + name, 'gt_label': labels, 'sample_idx': index}
        for index, (name, labels) in enumerate(zip(NAMES, LABELS))
    ]
    with pytest.raises(NotImplementedError, match=r'MissingLabelDataset must define load_labels'):
        MissingLabelDataset(ann_file='')


def test_problems_of_labels_stop_the_construction():
    class Broken(Listed):
        problems = [LabelError('line 1', 'x', 'y'), LabelError('line 2', 'x', 'y')]

    with pytest.raises(LabelError, match='line 1: got x'):
        Broken(ann_file='')
    assert len(Broken(ann_file='', lazy_init=True).load_labels().problems) == 2


def test_labels_are_dropped_and_then_hidden():
    dataset = Listed(ann_file='', protocol='0.75left', seed=3, unknown=0.5)
    kept = drop_labels(NAMES, LABELS, '0.75left', 3)
    hidden = hide_entries(NAMES, 5, 0.5, 3)
    for info, present, unobserved in zip(samples_of(dataset), kept, hidden, strict=True):
        expected = np.zeros(5)
        expected[present] = 1
        expected[unobserved] = -1
        assert info['gt_score'].tolist() == expected.tolist()
        assert info['gt_label'] == np.flatnonzero(expected == 1).tolist()
    assert dataset.complete_labels() == (NAMES, LABELS)


def test_protocols_are_names_configs_texts_and_lists():
    steps = ['0.75left', {'type': 'FalsePositives', 'share': 0.3}, 'RPS(share=0.4)']
    dataset = Listed(ann_file='', protocol=steps, seed=3)
    table = LabelTable.from_positives(NAMES, LABELS, 'vwxyz', fill=0)
    expected = apply_protocols(table, build_protocols(steps), 3).dense()
    assert [info['gt_score'].tolist() for info in samples_of(dataset)] == expected.tolist()
    assert (expected == -1).any()
    assert dataset.incomplete_table().dense().tolist() == expected.tolist()
    assert '0.75left, FalsePositives(share=0.3), RPS(share=0.4)' in repr(dataset)
    whole = Listed(ann_file='', protocol=['0.75left', 'RPS(share=0.5)'], seed=3)
    former = Listed(ann_file='', protocol='0.75left', unknown=0.5, seed=3)
    for one, other in zip(samples_of(whole), samples_of(former), strict=True):
        assert one['gt_score'].tolist() == other['gt_score'].tolist()
    plain = samples_of(Listed(ann_file='', protocol='Bernoulli(keep=0.5)'))
    assert all('gt_score' not in info for info in plain)  # 0 says nothing here
    with pytest.raises(ValueError, match="did you mean 'Bernoulli'"):
        Listed(ann_file='', protocol={'type': 'Bernouli'})


@pytest.mark.parametrize('unknown', [0.0, 0.4])
def test_packed_samples_carry_their_target(unknown):
    dataset = DigitScenes(size=20, protocol='0.4left', unknown=unknown, pipeline=PACK)
    for index in range(20):
        sample = dataset[index]['data_samples']
        assert sample.gt_score.dtype == torch.float32
        assert sample.gt_score.shape == (10,)
        assert (sample.gt_score == 1).nonzero().flatten().tolist() == sample.gt_label.tolist()
        assert (-1 in sample.gt_score) == ('gt_score' in dataset.get_data_info(index))
    assert any(-1 in dataset[index]['data_samples'].gt_score for index in range(20)) == (
        unknown > 0
    )


def test_targets_are_not_stored():
    dataset = DigitScenes(size=20)
    assert all('gt_score' not in info for info in samples_of(dataset))
    assert len(dataset.data_bytes) < 20 * (48 * 48 + 300)
    assert 'gt_score' not in pickle.loads(pickle.dumps(dataset)).get_data_info(0)


def test_labels_that_are_not_among_the_classes_name_the_sample():
    class Wrong(Listed):
        METAINFO = {'classes': tuple('xyz')}

        def inputs(self, names):
            return [{'img': np.zeros((4, 4, 3), np.uint8)} for _ in names]

    dataset = Wrong(ann_file='', pipeline=PACK)
    with pytest.raises(SampleError, match=r'sample 2 of Wrong: .*\[0, 2\], got \[2, 4\]'):
        dataset[2]
    assert dataset[1]['data_samples'].gt_score.tolist() == [0, 0, 0]


class DropFirst:
    """A transform that changes labels."""

    def __call__(self, results):
        return {**results, 'gt_label': results['gt_label'][1:]}


def test_the_target_follows_labels_that_a_transform_changes():
    dataset = DigitScenes(size=5, pipeline=[DropFirst(), *PACK])
    for index in range(5):
        target = dataset[index]['data_samples'].gt_score
        expected = dataset.get_data_info(index)['gt_label'][1:]
        assert target.nonzero().flatten().tolist() == expected


@pytest.mark.parametrize('indices', [None, 3, -3, [5, 1]])
def test_complete_labels_follow_the_subset(indices):
    some = DigitScenes(split='train', size=9, protocol='single', indices=indices)
    every = DigitScenes(split='train', size=9, indices=indices)
    labels = some.complete_labels().labels
    assert labels == [every.get_data_info(i)['gt_label'] for i in range(len(every))]
