"""BCE: the formula, and torch's."""

import math

import torch
import torch.nn.functional as F
from helpers.losses import assert_entries_cost, batch, entries, sigmoid

from mmpretrain_mlml import BCE


def test_bce_entry_by_entry():
    assert_entries_cost(BCE(), lambda x: -math.log(sigmoid(x)), lambda x: -math.log(1 - sigmoid(x)))


def test_pos_weight_is_that_of_torch():
    x, y = batch()
    soft = (y + 0.3).clamp(max=1)
    weight = torch.linspace(0.5, 2, 7, dtype=torch.float64)
    for target in (y, soft):
        expected = F.binary_cross_entropy_with_logits(
            x, target, pos_weight=weight, reduction='none'
        )
        torch.testing.assert_close(entries(BCE(pos_weight=weight.tolist()), x, target), expected)
        torch.testing.assert_close(BCE(pos_weight=weight.tolist())(x, target), expected.sum() / 9)
