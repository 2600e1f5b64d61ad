"""Dense, three-valued targets."""

import re

import numpy as np
import pytest

from mmpretrain_mlml.labels import dense_target


@pytest.mark.parametrize(('present', 'expected'), [
    ([], [0, 0, 0]), ([2], [0, 0, 1]), ([1, 1, 2], [0, 1, 1]), (np.array([0]), [1, 0, 0]),
])  # fmt: skip
def test_listed_classes_are_present_and_others_absent(present, expected):
    target = dense_target(present, 3)
    assert target.dtype == np.float32
    assert target.tolist() == expected


def test_unobserved_entries_win_over_present_ones():
    assert dense_target([0, 1], 3, np.array([True, False, True])).tolist() == [-1, 1, -1]


@pytest.mark.parametrize('present', [[-1], [3], [0, 3]])
def test_indices_out_of_range_raise(present):
    with pytest.raises(ValueError, match=re.escape(f'indices in [0, 2], got {present}')):
        dense_target(present, 3)
