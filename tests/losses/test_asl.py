"""ASL: the formula, its detached weights, MMPretrain's own."""

import math

import pytest
import torch
from helpers.losses import assert_entries_cost, batch, entries, sigmoid, slope

from mmpretrain_mlml import ASL, Focal


def test_asl_entry_by_entry():
    assert_entries_cost(
        ASL(),
        lambda x: -math.log(sigmoid(x)),
        lambda x: -(max(sigmoid(x) - 0.05, 0) ** 4) * math.log(1 - max(sigmoid(x) - 0.05, 0)),
    )


@pytest.mark.parametrize('cls', [Focal, ASL])
def test_weights_are_in_the_gradient_only_if_not_detached(cls):
    x, y = batch()
    attached, detached = cls(detach=False), cls(detach=True)
    assert torch.equal(entries(attached, x, y), entries(detached, x, y))
    torch.autograd.gradcheck(lambda x: entries(attached, x, y), x.clone().requires_grad_())
    weight = slope(attached, x, y) - slope(detached, x, y)
    assert weight.abs().max() > 1e-2
    assert torch.equal(slope(cls(), x, y), slope(detached, x, y))  # as released


def test_not_detached_it_is_that_of_mmpretrain():
    from mmpretrain.models.losses import AsymmetricLoss

    x, y = batch()
    ours = ASL(gamma_neg=4, gamma_pos=1, clip=0.05, detach=False)
    theirs = AsymmetricLoss(gamma_neg=4, gamma_pos=1, clip=0.05, reduction='none', eps=1e-300)
    torch.testing.assert_close(entries(ours, x, y), theirs(x, y), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(
        slope(ours, x, y),
        torch.autograd.grad(theirs(z := x.clone().requires_grad_(), y).sum(), z)[0],
        rtol=1e-9,
        atol=1e-12,
    )
