"""Counting the labels of a data set."""

import numpy as np
from mmengine.dataset import RepeatDataset

from mmpretrain_mlml import DigitScenes
from mmpretrain_mlml.datasets.statistics import count_kinds, count_labels


def test_lists_of_positives_are_known_everywhere():
    dataset = DigitScenes(size=48, protocol='0.4left')
    counts = count_labels(dataset)
    labels = [label for i in range(48) for label in dataset.get_data_info(i)['gt_label']]
    assert counts.present.tolist() == [labels.count(k) for k in range(10)]
    assert counts.known.tolist() == [48] * 10
    assert 0 < counts.prior.max() < 1


def test_unobserved_entries_are_not_known():
    dataset = DigitScenes(size=48, unknown=0.5)
    targets = np.stack([dataset.get_data_info(index)['gt_score'] for index in range(48)])
    counts = count_labels(dataset)
    assert counts.present.tolist() == (targets == 1).sum(0).tolist()
    assert counts.known.tolist() == (targets >= 0).sum(0).tolist()
    np.testing.assert_allclose(counts.prior, (targets == 1).sum(0) / (targets >= 0).sum(0))


def test_the_three_kinds_are_counted_apart():
    for dataset in (DigitScenes(size=48, unknown=0.5), DigitScenes(size=48)):
        scores = np.full((48, 10), np.nan)
        for index in range(48):
            info = dataset.get_data_info(index)
            scores[index] = info.get('gt_score', np.isin(range(10), info['gt_label']))
        for count, value in zip(count_kinds(dataset), (1, 0, -1), strict=True):
            assert count.tolist() == (scores == value).sum(0).tolist()


def test_wrapped_data_sets_are_counted_as_often_as_they_are_trained_on():
    dataset = DigitScenes(size=48)
    counts, twice = count_labels(dataset), count_labels(RepeatDataset(dataset, 2))
    assert twice.present.tolist() == (2 * counts.present).tolist()
    assert twice.known.tolist() == [96] * 10
