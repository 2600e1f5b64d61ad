"""Hill: the formula of the paper, its gradient, its saturation."""

import math

import pytest
import torch
from helpers.losses import assert_entries_cost, batch, sigmoid

from mmpretrain_mlml import Hill
from mmpretrain_mlml.losses.functional import hill_loss
from mmpretrain_mlml.losses.hill import saturation_point


def test_hill_entry_by_entry():
    assert_entries_cost(
        Hill(),
        lambda x: -((1 - sigmoid(x - 1)) ** 2) * math.log(sigmoid(x - 1)),
        lambda x: (1.5 - sigmoid(x)) * sigmoid(x) ** 2,
    )


@pytest.mark.parametrize('gamma', [0.5, 1.0, 2.0, 3.5])
def test_hill_is_the_formula_of_the_paper(gamma):
    logits, target = batch(64, 20, 4.0)
    p, pm = logits.sigmoid(), (logits - 0.7).sigmoid()
    expected = torch.where(target == 1, -((1 - pm) ** gamma) * pm.log(), (1.3 - p) * p**2)
    torch.testing.assert_close(hill_loss(logits, target, 1.3, 0.7, gamma), expected)


def test_negative_gradient_is_a_hill():
    logits = torch.linspace(-20, 20, 81, dtype=torch.float64).unsqueeze(0).requires_grad_()
    hill_loss(logits, torch.zeros_like(logits)).sum().backward()
    p = logits.detach().sigmoid()
    torch.testing.assert_close(logits.grad, 3 * p**2 * (1 - p) ** 2)


@pytest.mark.parametrize('gamma', [0.0, 0.3, 0.5])
def test_small_gammas_have_finite_gradients_where_one_minus_p_cancels(gamma):
    logits = torch.tensor([[18.0, 40.0, 104.0]], requires_grad=True)
    hill_loss(logits, torch.ones(1, 3), gamma=gamma).sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize('lamb', [0.3, 1.0, 1.2, 1.5, 2.0, 10.0])
@pytest.mark.parametrize('share', [0.0, 0.15, 0.5])
def test_beyond_saturation_the_gradient_is_below_the_share(lamb, share):
    edge = saturation_point(lamb, share)
    x = torch.linspace(-12, 12, 200001, dtype=torch.float64, requires_grad=True)
    p = x.sigmoid()
    (slope,) = torch.autograd.grad(((lamb - p) * p**2).sum(), x)
    top = slope.argmax()
    beyond = p.detach()[top:][slope[top:] > share * slope[top]].max().item()
    assert edge == pytest.approx(beyond, abs=2e-4 if share else 1e-3)


def test_saturation_without_a_hill_and_its_limits():
    assert saturation_point(0.0) == saturation_point(-1.0) == 0
    with pytest.raises(ValueError, match='share'):
        saturation_point(1.5, 2.0)
    assert Hill().saturation == saturation_point(1.5)
