"""Counting the labels of a data set."""

from mmpretrain_mlml import DigitScenes
from mmpretrain_mlml.datasets.statistics import count_labels


def test_lists_of_positives_are_known_everywhere():
    dataset = DigitScenes(size=48, protocol='0.4left')
    counts = count_labels(dataset)
    labels = [label for i in range(48) for label in dataset.get_data_info(i)['gt_label']]
    assert counts.present.tolist() == [labels.count(k) for k in range(10)]
    assert counts.known.tolist() == [48] * 10
    assert 0 < counts.prior.max() < 1
