"""One-pass gradients against the formulas: value and gradient, any target, shape, logit, weight."""

import math
from functools import partial

import pytest
import torch
from helpers.losses import entries, ready
from helpers.memory import peak_allocation
from torch.nn.functional import binary_cross_entropy_with_logits

from mmpretrain_mlml import BCE, SPLC, FocalMargin, Hill, Ignore
from mmpretrain_mlml.losses import focal_margin, functional, hill, one_pass
from mmpretrain_mlml.losses.focal_margin import focal_margin_one_pass
from mmpretrain_mlml.losses.hill import hill_one_pass

HILL = {'lamb': 1.5, 'margin': 1.0, 'gamma': 2.0}
SPLC_ = {'tau': 0.6, 'margin': 1.0, 'gamma': 2.0}


def splc_one_pass(*tensors, correct, tau, **arguments):
    above = functional.logit(tau) if correct else None
    return focal_margin_one_pass(*tensors, above=above, **arguments)


CASES = {
    'hill': (hill_one_pass, functional.hill_loss, HILL),
    'hill lamb 2': (hill_one_pass, functional.hill_loss, {**HILL, 'lamb': 2.0, 'margin': 0.3}),
    'splc off': (splc_one_pass, functional.splc_loss, {**SPLC_, 'correct': False}),
    'splc on': (splc_one_pass, functional.splc_loss, {**SPLC_, 'correct': True}),
}
TARGETS = {
    'rare': lambda shape: torch.rand(shape) < 0.05,
    'dense': lambda shape: torch.rand(shape) < 0.5,
    'unknown': lambda shape: torch.randint(-1, 2, shape),
    'soft': lambda shape: torch.rand(shape),
    'none': lambda shape: torch.zeros(shape),
}


def both(case, logits, target, **changes):
    """Value and gradient in one pass, and those of the formula, in float64."""
    function, loss, arguments = CASES[case]
    arguments = {**arguments, **changes}
    leaf = logits.detach().clone().requires_grad_()
    value = one_pass.sum_in_one_pass(leaf, target, partial(function, **arguments))
    value.backward()
    wide, wide_target = logits.detach().double(), target.double()
    expected = loss(wide, wide_target, **arguments, reduction='sum')
    slopes = {functional.hill_loss: hill_slopes, functional.splc_loss: splc_slopes}
    slope = blend(*slopes[loss](wide, wide_target, **arguments), wide_target)
    return (value.double(), leaf.grad.double()), (expected, slope)


def focal_slope(v, gamma):
    """By hand: the derivative of -(1 - p)^gamma log p, in float64."""
    p, q = v.sigmoid(), (-v).sigmoid()
    return q**gamma * (gamma * p * torch.nn.functional.logsigmoid(v) - q)


def blend(negative, positive, target):
    share = target.clamp(min=0)
    return torch.where(target < 0, 0, (1 - share) * negative + share * positive)


def hill_slopes(x, target, lamb, margin, gamma):
    """Derivatives of the negative and of the positive term."""
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
def test_value_and_gradient_are_those_of_the_formula(case, targets, dtype, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.setattr(one_pass, 'BLOCK', 100)  # several blocks, the last incomplete
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
    for result, expected in zip(*both(case, logits, target, gamma=gamma)):
        torch.testing.assert_close(result, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('target', [0.0, 1.0])
def test_any_logit_one_by_one(case, target):
    for limit, dtype, tolerance in ((104, torch.float32, 5e-6), (104, torch.float64, 1e-12)):
        for x in torch.linspace(-limit, limit, 209, dtype=dtype):
            results = both(case, x.view(1, 1), torch.full((1, 1), target, dtype=dtype))
            for result, expected in zip(*results):
                tiny = torch.finfo(dtype).tiny
                torch.testing.assert_close(result, expected, rtol=tolerance, atol=tiny)
    far = torch.tensor([[-6e4, 6e4]])
    (value, gradient), _ = both(case, far, torch.full((1, 2), target))
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()


def test_the_flip_at_tau_is_strict_and_that_of_the_formula():
    """At the logits around tau, one float after the other."""
    tau = math.log(0.6 / 0.4)
    x = torch.tensor([tau])
    around = [x]
    for _ in range(20):
        around = [torch.nextafter(around[0], -torch.ones(1) * 9), *around,
                  torch.nextafter(around[-1], torch.ones(1) * 9)]  # fmt: skip
    for logit in around:
        (_, gradient), _ = both('splc on', logit.view(1, 1), torch.zeros(1, 1))
        if logit != x:  # the logit of tau as precisely as float32 can express it
            assert (gradient < 0) == (logit.item() > tau)
    half = torch.zeros(1, 1)  # its probability is exactly 0.5
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
    (_, gradient), (_, expected) = both('splc on', logits, target)
    torch.testing.assert_close(gradient, expected, rtol=5e-6, atol=1e-9)
    assert torch.equal(storage, before[0])
    assert torch.equal(target, before[1])


def test_a_second_derivative_is_refused():
    logits = torch.randn(2, 2, requires_grad=True)
    value = one_pass.sum_in_one_pass(logits, torch.zeros(2, 2), partial(hill_one_pass, **HILL))
    (gradient,) = torch.autograd.grad(value, logits, create_graph=True)
    with pytest.raises(RuntimeError, match=r'does not require grad|once_differentiable'):
        gradient.sum().backward()


@pytest.mark.parametrize('cls', [BCE, Ignore, FocalMargin, Hill, SPLC])
def test_a_retained_graph_gives_the_gradient_again(cls):
    torch.manual_seed(0)
    x, y = torch.randn(4, 5, requires_grad=True), (torch.rand(4, 5) < 0.4).float()
    value = ready(cls, pos_weight=2.0, class_weight=[1.0, 0, 2, 3, 4])(x, y)
    first, second = (torch.autograd.grad(3 * value, x, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)


C = 6
CLASS_WEIGHT, POS_WEIGHT = [0.0, 0.5, 1.0, 2.0, 1e-9, 30.0], [2.0, 1e-9, 1.0, 0.0, 3.0, 0.1]
WEIGHTS = {
    'none': {},
    'class': {'class_weight': CLASS_WEIGHT},
    'positive': {'pos_weight': 2.5},
    'tiny positive': {'pos_weight': 1e-9},
    'positives by class': {'pos_weight': POS_WEIGHT},
    'both': {'class_weight': CLASS_WEIGHT, 'pos_weight': POS_WEIGHT},
    'class and positive': {'class_weight': CLASS_WEIGHT, 'pos_weight': 2.5},
}
LOSSES = {
    'BCE': (BCE, {}),
    'Ignore': (Ignore, {}),
    'FocalMargin': (FocalMargin, {'gamma': 1.5}),
    'Hill': (Hill, {}),
    'Hill lamb 1.2': (Hill, {'lamb': 1.2}),
    'SPLC': (SPLC, {}),
    'SPLC before': (SPLC, {'epoch': 0}),
}


def weighted_by_hand(cls, options, x, y, class_weight=None, pos_weight=None):
    """Entries from unweighted ones of targets 0 and 1, in which each part has its factor."""
    loss = ready(cls, **options)
    negative, positive = (entries(loss, x, torch.full_like(y, label)) for label in (0.0, 1.0))
    pos_weight = torch.tensor(1.0 if pos_weight is None else pos_weight, dtype=x.dtype)
    if cls is SPLC and options.get('epoch') != 0:
        negative = torch.where(x.sigmoid() > 0.6, negative * pos_weight, negative)
    share = y.clamp(min=0)
    mixed = (1 - share) * negative + share * positive * pos_weight
    class_weight = torch.tensor([1.0] if class_weight is None else class_weight, dtype=x.dtype)
    return class_weight * torch.where(y < 0, 0, mixed)


@pytest.mark.parametrize('weights', WEIGHTS)
@pytest.mark.parametrize('targets', TARGETS)
@pytest.mark.parametrize('name', LOSSES)
@pytest.mark.parametrize('unknown', ['ignore', 'negative'])
def test_weighted_in_blocks_and_in_one_piece(name, targets, weights, unknown, monkeypatch):
    torch.manual_seed(0)
    cls, options = LOSSES[name]
    if unknown not in cls.UNKNOWN:
        return
    x = 3 * torch.randn(11, C, dtype=torch.float64)
    y = TARGETS[targets](x.shape).double()
    loss = ready(cls, reduction='sum', unknown=unknown, **options, **WEIGHTS[weights])
    leaf = x.clone().requires_grad_()
    known = y.clamp(min=0) if unknown == 'negative' else y
    each = weighted_by_hand(cls, options, leaf, known, **WEIGHTS[weights])
    (slope,) = torch.autograd.grad(each.sum(), leaf)
    torch.testing.assert_close(entries(loss, x, y), each.detach(), rtol=1e-12, atol=1e-15)

    monkeypatch.setattr(one_pass, 'BLOCK', 4 * C + 1)  # whole rows, and fewer in the last block
    value = loss(leaf, y)
    (gradient,) = torch.autograd.grad(value, leaf)
    torch.testing.assert_close(value, each.detach().sum(), rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(gradient, slope, rtol=1e-11, atol=1e-15)

    function = loss.one_pass()
    factors = loss._kept_factors.of(x, loss.class_weight, loss.pos_weight)
    value = one_pass._InOnePiece.apply(leaf, known, function, factors.absent, factors.present)
    (gradient,) = torch.autograd.grad(value, leaf)
    torch.testing.assert_close(value, each.detach().sum(), rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(gradient, slope, rtol=1e-11, atol=1e-15)

    as_on_a_gpu(monkeypatch, block=4 * C + 1)
    for factor in (1.0, 3.0):  # of what follows the loss
        (gradient,) = torch.autograd.grad(factor * loss(leaf, y), leaf)
        torch.testing.assert_close(loss(leaf, y), value)
        torch.testing.assert_close(gradient, factor * slope, rtol=1e-11, atol=1e-15)


def as_on_a_gpu(monkeypatch, block=one_pass.GPU_BLOCK):
    """Take the path of a device whose values are not read; an attempt to read one is an error."""
    monkeypatch.setattr(one_pass, 'readable', lambda values: False)
    monkeypatch.setattr(one_pass, 'GPU_BLOCK', block)
    for module in (hill, focal_margin):
        monkeypatch.setattr(module, 'positives', None)


@pytest.mark.parametrize('case', CASES)
@pytest.mark.parametrize('target', [0.0, 1.0])
def test_any_logit_as_on_a_gpu(case, target, monkeypatch):
    as_on_a_gpu(monkeypatch)
    for x in torch.linspace(-104, 104, 53):
        results = both(case, x.view(1, 1), torch.full((1, 1), target))
        for result, expected in zip(*results):
            tiny = torch.finfo(torch.float32).tiny
            torch.testing.assert_close(result, expected, rtol=5e-6, atol=tiny)


@pytest.mark.parametrize('cls', [BCE, FocalMargin, Hill, SPLC])
@pytest.mark.parametrize('gpu', [False, True])
def test_memory_is_below_that_of_torch_bce(cls, gpu, monkeypatch):
    if gpu:
        as_on_a_gpu(monkeypatch)
    x, y = torch.randn(200, 8000, requires_grad=True), (torch.rand(200, 8000) < 0.03).float()

    def peak(loss):
        return peak_allocation(lambda: torch.autograd.grad(loss(x, y), x))

    bce = peak(lambda x, y: binary_cross_entropy_with_logits(x, y, reduction='sum'))
    assert peak(ready(cls, reduction='sum')) < 0.8 * bce
    if cls in (Hill, SPLC):
        y = torch.randint(-1, 2, y.shape).float()
        assert peak(ready(cls, reduction='sum', unknown='unobserved')) < bce


@pytest.mark.parametrize('shape', [(0, 5), (5, 0), (3, 1)])
@pytest.mark.parametrize('cls', [BCE, Hill, SPLC])
def test_weights_at_any_shape(cls, shape):
    weights = {'class_weight': [2.0] * shape[1], 'pos_weight': 3.0}
    loss = ready(cls, reduction='sum', **weights)
    x, y = torch.randn(shape, requires_grad=True), torch.ones(shape)
    value = loss(x, y)
    value.backward()
    torch.testing.assert_close(value, entries(loss, x, y).sum())
    assert x.grad.shape == shape


@pytest.mark.parametrize('cls', [BCE, FocalMargin, Hill, SPLC])
def test_one_pass_and_formula_give_the_same_loss_and_gradient(cls):
    generator = torch.Generator().manual_seed(0)
    logits, target = torch.randn(6, 4, generator=generator), torch.eye(6)[:, :4]
    target[0, 1], target[1, 0] = -1, 0.4  # unknown and soft
    loss = ready(cls)
    leaf, expected = (logits.clone().requires_grad_() for _ in range(2))
    loss(leaf, target, avg_factor=5).backward()
    (loss(expected, target, reduction_override='none').sum() / 5).backward()
    torch.testing.assert_close(leaf.grad, expected.grad)
    assert leaf.grad[0, 1] == 0
