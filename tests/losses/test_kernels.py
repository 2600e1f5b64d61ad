"""The kernels against the definition: value and gradient, any target, any shape, any logit."""

import math
from functools import partial

import pytest
import torch

from mmpretrain_mlml.losses import focal_margin, functional, hill, one_pass

HILL = {'lamb': 1.5, 'margin': 1.0, 'gamma': 2.0}
SPLC = {'tau': 0.6, 'margin': 1.0, 'gamma': 2.0}


def splc_kernel(*tensors, correct, tau, **arguments):
    above = functional.logit(tau) if correct else None
    return focal_margin.focal_margin_one_pass(*tensors, above=above, **arguments)


CASES = {
    'hill': (hill.hill_one_pass, functional.hill_loss, HILL),
    'hill lamb 2': (
        hill.hill_one_pass,
        functional.hill_loss,
        {**HILL, 'lamb': 2.0, 'margin': 0.3},
    ),
    'splc off': (splc_kernel, functional.splc_loss, {**SPLC, 'correct': False}),
    'splc on': (splc_kernel, functional.splc_loss, {**SPLC, 'correct': True}),
}
TARGETS = {
    'rare': lambda shape: torch.rand(shape) < 0.05,
    'dense': lambda shape: torch.rand(shape) < 0.5,
    'unknown': lambda shape: torch.randint(-1, 2, shape),
    'soft': lambda shape: torch.rand(shape),
    'none': lambda shape: torch.zeros(shape),
}


def both(case, logits, target, **changes):
    kernel, loss, arguments = CASES[case]
    arguments = {**arguments, **changes}
    found, expected = (logits.detach().clone().requires_grad_() for _ in range(2))
    value = one_pass.sum_in_one_pass(
        found,
        target,
        partial(kernel, **arguments),
    )
    value.backward()
    wide, wide_target = expected.double(), target.double()
    oracle = loss(wide, wide_target, **arguments, reduction='sum')
    slopes = {functional.hill_loss: hill_slopes, functional.splc_loss: splc_slopes}
    slope = blend(*slopes[loss](wide.detach(), wide_target, **arguments), wide_target)
    return (value.double(), found.grad.double()), (oracle.detach(), slope)


def focal_slope(v, gamma):
    """By hand: the derivative of -(1 - p)^gamma log p, in float64."""
    p, q = v.sigmoid(), (-v).sigmoid()
    return q**gamma * (gamma * p * torch.nn.functional.logsigmoid(v) - q)


def blend(negative, positive, target):
    share = target.clamp(min=0)
    return torch.where(target < 0, 0, (1 - share) * negative + share * positive)


def hill_slopes(x, target, lamb, margin, gamma):
    """Of the negative and of the positive term."""
    p, q = x.sigmoid(), (-x).sigmoid()
    return p**2 * q * (2 * lamb - 3 + 3 * q), focal_slope(x - margin, gamma)


def splc_slopes(x, target, correct, tau, margin, gamma):
    down = -focal_slope(-x, gamma)
    if correct:
        down = torch.where(x.sigmoid() > tau, focal_slope(x, gamma), down)
    return down, focal_slope(x - margin, gamma)


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('targets', TARGETS)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_value_and_gradient_are_those_of_the_definition(case, targets, dtype, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(one_pass, 'BLOCK', 100)  # several, the last incomplete
    logits = 4 * torch.randn(7, 47, dtype=dtype)
    target = TARGETS[targets](logits.shape).to(dtype)
    (value, gradient), (expected, slope) = both(case, logits, target)
    tolerance = 1e-12 if dtype == torch.float64 else 5e-6
    torch.testing.assert_close(value, expected, rtol=tolerance, atol=0)
    # Relative to both terms of a soft target, whose slopes have opposite signs.
    _, loss, arguments = CASES[case]
    terms = (hill_slopes if loss is functional.hill_loss else splc_slopes)(
        logits.double(), target.double(), **arguments
    )
    size = blend(terms[0].abs(), terms[1].abs(), target.double())
    assert ((gradient - slope).abs() <= tolerance * size).all()


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('gamma', [0.0, 0.5, 1.0, 2.0, 3.5])
def test_any_exponent(case, gamma):
    torch.manual_seed(0)
    logits = 4 * torch.randn(9, 11, dtype=torch.float64)
    target = (torch.rand(9, 11) < 0.3).double()
    found, expected = both(case, logits, target, gamma=gamma)
    for a, b in zip(found, expected):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('target', [0.0, 1.0])
def test_any_logit_one_by_one(case, target):
    for limit, dtype, tolerance in ((104, torch.float32, 5e-6), (104, torch.float64, 1e-12)):
        for x in torch.linspace(-limit, limit, 209, dtype=dtype):
            found, expected = both(case, x.view(1, 1), torch.full((1, 1), target, dtype=dtype))
            for a, b in zip(found, expected):
                torch.testing.assert_close(a, b, rtol=tolerance, atol=torch.finfo(dtype).tiny)
    far = torch.tensor([[-6e4, 6e4]])
    (value, gradient), _ = both(case, far, torch.full((1, 2), target))
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()


def test_the_flip_at_tau_is_strict_and_that_of_the_definition():
    """At the logits around tau, one float after the other."""
    tau = math.log(0.6 / 0.4)
    x = torch.tensor([tau])
    around = [x]
    for _ in range(20):
        around = [torch.nextafter(around[0], -torch.ones(1) * 9), *around,
                  torch.nextafter(around[-1], torch.ones(1) * 9)]  # fmt: skip
    for logit in around:
        found, _ = both('splc on', logit.view(1, 1), torch.zeros(1, 1))
        if logit != x:  # which is tau's as well as float32 can say
            assert (found[1] < 0) == (logit.item() > tau)
    half = torch.zeros(1, 1)  # the probability of which is 0.5, exactly
    (_, gradient), _ = both('splc on', half, torch.zeros(1, 1), tau=0.5)
    assert gradient > 0


@pytest.mark.parametrize('shape', [(0, 5), (5, 0), (1, 1), (3, 1)])
def test_any_shape(shape):
    logits = torch.randn(shape)
    (value, gradient), (expected, _) = both('hill', logits, torch.zeros(shape))
    torch.testing.assert_close(value, expected, rtol=5e-6, atol=0)
    assert gradient.shape == shape


def test_views_are_read_and_nothing_is_modified():
    storage = torch.randn(12, 10)
    logits, target = storage[::2, 1::3], (torch.rand(10, 12) < 0.5).float()[1::3, ::2].T
    before = storage.clone(), target.clone()
    found, expected = both('splc on', logits, target)
    torch.testing.assert_close(found[1], expected[1], rtol=5e-6, atol=1e-9)
    assert torch.equal(storage, before[0])
    assert torch.equal(target, before[1])


def test_a_second_derivative_is_refused():
    logits = torch.randn(2, 2, requires_grad=True)
    kernel = partial(hill.hill_one_pass, **HILL)
    value = one_pass.sum_in_one_pass(logits, torch.zeros(2, 2), kernel)
    (gradient,) = torch.autograd.grad(value, logits, create_graph=True)
    with pytest.raises(RuntimeError, match=r'does not require grad|once_differentiable'):
        gradient.sum().backward()
