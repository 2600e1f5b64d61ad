"""Which unobserved entries a loss reports as recovered, for every loss that recovers any."""

import pytest
import torch
from helpers.losses import RECOVERING, batch, ready

from mmpretrain_mlml import FAMILY, LLR, RLC, SPLC, Hill, LLCp, LLCt
from mmpretrain_mlml.losses.large_loss import LargeLoss


def test_these_losses_recover_labels():
    assert set(RECOVERING) >= {SPLC, RLC, LLR, LLCt, LLCp, Hill}


@pytest.mark.parametrize('values', [(0.0, 1.0), (-1.0, 0.0, 1.0)])
@pytest.mark.parametrize('cls', RECOVERING)
def test_recovered_entries_are_those_not_pushed_down(cls, values):
    """By the gradient; Hill, which only nearly ignores them, counts what lies beyond its hill."""
    loss = ready(cls, **({'delta': 10.0} if issubclass(cls, LargeLoss) else {}))
    x, y = batch(values=values)
    x.requires_grad_()
    loss(x, y).backward()
    recovered = loss.recovered(x.detach(), y)
    assert recovered.dtype == torch.bool
    unobserved = y == 0
    assert recovered.any()
    assert not (recovered & ~unobserved).any()
    if cls is Hill:
        top = 3 / 16 / len(x)
        pushed = x.grad >= 0.15 * top
        before_the_hill = (x.sigmoid() < 0.5) & (x.grad < 0.15 * top)
        assert torch.equal(recovered, unobserved & ~pushed & ~before_the_hill)
    else:
        assert torch.equal(recovered, unobserved & (x.grad <= 0))


@pytest.mark.parametrize('cls', [cls for cls in FAMILY if cls not in RECOVERING])
def test_the_others_recover_nothing(cls):
    loss = ready(cls)
    assert loss.recovered(*batch()) is None
    assert loss.saturation is None
