"""Large losses among the unobserved entries: which they are, for LL-R, LL-Ct and LL-Cp."""

import pytest
import torch
from helpers.losses import batch, entries, ready

from mmpretrain_mlml import BCE, LLR, Hill, LLCp, LLCt

ALL = pytest.mark.parametrize('cls', [LLR, LLCt, LLCp])


def test_large_losses_are_those_of_the_base():
    x, y = batch()
    loss = ready(LLR, 40, delta=0.5, base=Hill())
    cost = entries(Hill(), x, torch.zeros_like(x)).masked_fill(y == 1, -1)
    large = cost >= cost.flatten().topk(13).values[-1]
    assert large.sum() == 13
    torch.testing.assert_close(
        entries(loss, x, y), entries(Hill(), x, y).masked_fill(large, 0), rtol=1e-12, atol=0
    )


def test_an_integral_number_of_large_losses_is_not_rounded_up():
    x, y = torch.randn(10, 10), torch.zeros(10, 10)
    loss = LLR(delta=1.0)
    for epoch in range(30):
        loss.set_epoch(epoch)
        assert (entries(loss, x, y) == 0).sum() == epoch


@ALL
def test_pos_weight_goes_to_the_default_base_and_not_beside_a_given_one(cls):
    x, y = batch()
    weight = torch.linspace(0.5, 2, 7).tolist()
    base = BCE(pos_weight=weight)
    with pytest.raises(ValueError, match='give it to the base'):
        cls(base=base, pos_weight=2.0)
    given = entries(ready(cls, 0, base=base), x, y)
    assert torch.equal(given, entries(ready(cls, 0, pos_weight=weight), x, y))


@ALL
def test_a_negative_delta_is_refused(cls):
    with pytest.raises(ValueError, match='delta'):
        cls(delta=-1)
