"""EPR: positives, and the number of them that is expected."""

import pytest
import torch
from helpers.losses import batch

from mmpretrain_mlml import EPR


def test_positives_of_an_image_are_counted():
    x, y = batch()
    p = x.sigmoid()
    expected = (-(p.log()) * y).sum(1).mean() + (p.sum(1).mean() - 2.5) ** 2 / 7
    loss = EPR(expected_positives=2.5)
    torch.testing.assert_close(loss(x, y), expected, rtol=1e-12, atol=0)
    torch.autograd.gradcheck(lambda x: loss(x, y), x.clone().requires_grad_())


def test_unknown_entries_are_neither_counted_nor_charged():
    x, y = batch()
    p = x.sigmoid()
    y[:, 3] = -1
    known = y >= 0
    expected = (-(p.log()) * (y == 1)).sum() / 9 + (
        ((p * known).sum(1).mean() - 2.5) ** 2 / 7**2 * known.sum() / 9
    )
    torch.testing.assert_close(EPR(expected_positives=2.5)(x, y), expected, rtol=1e-12, atol=0)


def test_the_expected_number_must_be_positive():
    with pytest.raises(ValueError, match='expected_positives'):
        EPR(expected_positives=0)
