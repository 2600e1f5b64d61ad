"""Reduction of elementwise losses."""

import pytest
import torch

from mmpretrain_mlml.losses.reduction import check_reduction, divisor, reduce_loss


def test_reduce_loss():
    loss = torch.arange(6.0).view(3, 2)
    assert torch.equal(reduce_loss(loss, 'none'), loss)
    assert reduce_loss(loss, 'sum', avg_factor=7) == 15
    assert reduce_loss(loss, 'mean') == 5
    assert reduce_loss(loss, 'mean', avg_factor=torch.tensor(2.5)) == 6
    assert reduce_loss(loss[:0], 'mean', avg_factor=0) == 0


def test_divisor():
    assert divisor('sum', 3, 7) == divisor('mean', 0, 0) == 1
    assert divisor('mean', 3, None) == 3
    assert divisor('mean', 3, 7) == 7


def test_an_unknown_reduction_is_refused():
    assert check_reduction('mean') == 'mean'
    with pytest.raises(ValueError, match=r"'avg'; expected one of \('none', 'mean', 'sum'\)"):
        check_reduction('avg')
