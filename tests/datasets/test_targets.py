"""Targets of samples."""

import numpy as np
import pytest
from mmpretrain.structures import DataSample

from mmpretrain_mlml.datasets.targets import add_target, target_of


def test_a_given_target_is_taken_and_a_list_is_made_dense():
    score = np.array([1, -1, 0], np.float32)
    assert target_of({'gt_label': [2], 'gt_score': score}, 3) is score
    assert target_of({'gt_label': [2]}, 3).tolist() == [0, 0, 1]


def test_packed_samples_get_their_target():
    sample = DataSample().set_gt_label([0, 2])
    add_target({'inputs': None, 'data_samples': sample}, 3)
    assert sample.gt_score.tolist() == [1, 0, 1]


def test_a_target_of_the_pipeline_stays():
    sample = DataSample().set_gt_label([0]).set_gt_score([0.5, 0.5])
    add_target({'data_samples': sample}, 2)
    assert sample.gt_score.tolist() == [0.5, 0.5]


def test_a_target_without_meaning_is_refused():
    sample = DataSample().set_gt_score([0.0, 2.0])
    with pytest.raises(ValueError, match='got 2 in 1 of 2 entries'):
        add_target({'data_samples': sample}, 2)


@pytest.mark.parametrize('data', [None, 7, {}, {'img': 1}, {'data_samples': DataSample()}])
def test_other_results_of_a_pipeline_are_ignored(data):
    add_target(data, 3)
