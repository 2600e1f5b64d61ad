"""Focal: the formula. Its detached weights are tested with ASL's."""

import math

import torch
from helpers.losses import assert_entries_cost, batch, entries, sigmoid

from mmpretrain_mlml import ASL, Focal


def test_focal_entry_by_entry():
    assert_entries_cost(
        Focal(),
        lambda x: -((1 - sigmoid(x)) ** 2) * math.log(sigmoid(x)),
        lambda x: -(sigmoid(x) ** 2) * math.log(1 - sigmoid(x)),
    )


def test_focal_is_asl_with_equal_exponents_and_no_clip():
    x, y = batch()
    assert torch.equal(entries(Focal(1.3), x, y), entries(ASL(1.3, 1.3, 0.0), x, y))
