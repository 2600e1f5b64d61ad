"""Focal loss with a margin on positives."""

import math

import torch
from helpers.losses import assert_entries_cost, batch, entries, sigmoid

from mmpretrain_mlml import SPLC, FocalMargin


def test_focal_margin_entry_by_entry():
    assert_entries_cost(
        FocalMargin(),
        lambda x: -((1 - sigmoid(x - 1)) ** 2) * math.log(sigmoid(x - 1)),
        lambda x: -(sigmoid(x) ** 2) * math.log(1 - sigmoid(x)),
    )


def test_it_is_splc_before_the_first_correction():
    x, y = batch()
    assert torch.equal(entries(FocalMargin(), x, y), entries(SPLC(), x, y, epoch=0))
