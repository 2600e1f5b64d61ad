"""WAN: the weight of negatives."""

import math

import pytest
from helpers.losses import CLASSES, assert_entries_cost, sigmoid

from mmpretrain_mlml import WAN


@pytest.mark.parametrize(
    ('kwargs', 'weight'), [({}, 1 / (CLASSES - 1)), ({'neg_weight': 0.3}, 0.3)]
)
def test_negatives_weigh_one_positive_or_what_is_given(kwargs, weight):
    assert_entries_cost(
        WAN(**kwargs),
        lambda x: -math.log(sigmoid(x)),
        lambda x: -weight * math.log(1 - sigmoid(x)),
    )


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match='neg_weight'):
        WAN(neg_weight=-1)
