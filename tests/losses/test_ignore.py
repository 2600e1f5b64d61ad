"""Ignore: binary cross-entropy of known entries."""

import math

import pytest
from helpers.losses import assert_entries_cost, batch, entries, sigmoid

from mmpretrain_mlml import Ignore


def test_known_entries_cost_binary_cross_entropy():
    assert_entries_cost(
        Ignore(), lambda x: -math.log(sigmoid(x)), lambda x: -math.log(1 - sigmoid(x))
    )


def test_unknown_entries_cost_nothing_and_cannot_be_negatives():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    assert not entries(Ignore(), x, y)[y == -1].any()
    with pytest.raises(ValueError, match="unknown='negative' is none of"):
        Ignore(unknown='negative')
