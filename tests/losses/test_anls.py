"""AN-LS: label smoothing on both sides."""

import math

import pytest
from helpers.losses import assert_entries_cost, sigmoid

from mmpretrain_mlml import ANLS


def test_anls_entry_by_entry():
    assert_entries_cost(
        ANLS(),
        lambda x: -0.9 * math.log(sigmoid(x)) - 0.1 * math.log(1 - sigmoid(x)),
        lambda x: -0.1 * math.log(sigmoid(x)) - 0.9 * math.log(1 - sigmoid(x)),
    )


def test_epsilon_is_a_share():
    with pytest.raises(ValueError, match=r'epsilon in \[0, 1\], got 1.5'):
        ANLS(epsilon=1.5)
