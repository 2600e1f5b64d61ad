"""EM: the entropy of unobserved entries."""

import math

import pytest
from helpers.losses import assert_entries_cost, sigmoid

from mmpretrain_mlml import EM


def test_em_entry_by_entry():
    assert_entries_cost(
        EM(),
        lambda x: -math.log(sigmoid(x)),
        lambda x: (
            0.1 * (sigmoid(x) * math.log(sigmoid(x)) + (1 - sigmoid(x)) * math.log(1 - sigmoid(x)))
        ),
    )


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match='alpha'):
        EM(alpha=-0.1)
