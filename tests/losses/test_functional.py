"""What the pure functions have in common: range, dtype, soft and unknown targets, errors."""

import inspect
import math

import pytest
import torch
from helpers.losses import batch

from mmpretrain_mlml import ASL, SPLC, FocalMargin, Hill
from mmpretrain_mlml.losses import functional
from mmpretrain_mlml.losses.functional import asl_loss, hill_loss, splc_loss

EXTREME = [sign * x for x in (0.0, 12.0, 17.0, 88.0, 104.0, 1e4) for sign in (1, -1)]
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
LOSSES = {
    'hill': hill_loss,
    'splc before': lambda x, y: splc_loss(x, y, correct=False),
    'splc after': lambda x, y: splc_loss(x, y, correct=True),
    'asl': asl_loss,
    'bce': lambda x, y: asl_loss(x, y, 0, 0, 0),
    'focal': lambda x, y: asl_loss(x, y, 2, 2, 0),
}


@pytest.mark.parametrize('dtype', DTYPES, ids=str)
@pytest.mark.parametrize('name', LOSSES)
def test_loss_and_gradient_are_finite_at_extreme_logits(name, dtype):
    values = [x for x in EXTREME if abs(x) <= torch.finfo(dtype).max]
    for label in (0.0, 1.0, -1.0):
        logits = torch.tensor([values], dtype=dtype, requires_grad=True)
        loss = LOSSES[name](logits, torch.full_like(logits, label))
        loss.sum().backward()
        assert loss.dtype == torch.promote_types(dtype, torch.float32)
        assert logits.grad.dtype == dtype
        assert loss.isfinite().all()
        assert logits.grad.isfinite().all()


@pytest.mark.parametrize('gamma', [0.0, 0.5, 1.0, 2.0, 3.5])
def test_gradients_pass_gradcheck_for_any_exponent(gamma):
    logits, target = batch(3, 4, 2.0, 0.5)
    for loss in (
        lambda x: hill_loss(x, target, gamma=gamma),
        lambda x: splc_loss(x, target, True, gamma=gamma),
        lambda x: asl_loss(x, target, gamma, gamma, 0.05, detach=False),
    ):
        torch.autograd.gradcheck(loss, logits.clone().requires_grad_())


@pytest.mark.parametrize('name', ['hill', 'splc before', 'splc after', 'bce'])
def test_gradients_pass_gradcheck(name):  # ASL and Focal differ from their slope, on purpose
    logits, target = batch(3, 4, 2.0, 0.5)
    torch.autograd.gradcheck(lambda x: LOSSES[name](x, target), logits.requires_grad_())


@pytest.mark.parametrize('name', LOSSES)
def test_a_soft_target_interpolates_between_absent_and_present(name):
    logits, _ = batch(64, 20, 4.0)
    absent, present = (LOSSES[name](logits, torch.full_like(logits, value)) for value in (0.0, 1.0))
    mixed = LOSSES[name](logits, torch.full_like(logits, 0.15))
    torch.testing.assert_close(mixed, 0.15 * present + 0.85 * absent)


@pytest.mark.parametrize('name', LOSSES)
def test_an_unknown_entry_costs_nothing(name):
    logits, target = batch(64, 20, 4.0)
    unknown = torch.rand(target.shape, generator=torch.Generator().manual_seed(1)) < 0.3
    expected = torch.where(unknown, 0.0, LOSSES[name](logits, target))
    loss = LOSSES[name](logits.requires_grad_(), target.masked_fill(unknown, -1))
    torch.testing.assert_close(loss, expected)
    loss.sum().backward()
    assert not logits.grad[unknown].any()
    assert logits.grad[~unknown].any()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_inside_autocast_the_loss_is_computed_in_float32(dtype):
    logits, target = batch(64, 20, 4.0)
    logits, target = logits.to(dtype), target.float()
    outside = splc_loss(logits, target, correct=True)
    with torch.autocast('cpu', dtype=dtype):
        inside = splc_loss(logits, target, correct=True)
        hill = hill_loss(logits, target)
    assert inside.dtype == hill.dtype == torch.float32
    assert torch.equal(inside, outside)


@pytest.mark.parametrize(
    ('call', 'expected'),
    [
        (lambda x, y: hill_loss(x, y, gamma=-1), r'gamma in \[0, inf\], got -1'),
        (lambda x, y: hill_loss(x, y, gamma=math.nan), 'gamma'),
        (lambda x, y: splc_loss(x, y, True, gamma=-1), 'gamma'),
        (lambda x, y: splc_loss(x, y, True, tau=1.1), r'tau in \[0, 1\], got 1.1'),
        (lambda x, y: splc_loss(x, y, True, tau=-0.1), 'tau'),
        (lambda x, y: asl_loss(x, y, clip=2), 'clip'),
        (lambda x, y: hill_loss(x, y[:, :2]), r'\(2, 3\) and target \(2, 2\)'),
        (lambda x, y: splc_loss(x, y[:, :2], True), r'\(2, 3\) and target \(2, 2\)'),
        (lambda x, y: hill_loss(x[0], y[0]), r'\(N, C\)'),
        (lambda x, y: hill_loss(x.long(), y), 'floating'),
        (lambda x, y: splc_loss(x.long(), y, True), 'floating'),
        (lambda x, y: hill_loss(x, y, reduction='avg'), "'avg'; expected one of"),
    ],
)
def test_wrong_arguments_raise_and_say_what_was_expected(call, expected):
    with pytest.raises(ValueError, match=expected):
        call(torch.zeros(2, 3), torch.zeros(2, 3))


@pytest.mark.parametrize(
    ('cls', 'name', 'count'),
    [
        (Hill, 'hill_loss', 3),
        (SPLC, 'splc_loss', 3),
        (ASL, 'asl_loss', 4),
        (FocalMargin, 'focal_margin_loss', 2),
    ],
)
def test_modules_have_the_defaults_of_their_functions(cls, name, count):
    ours = inspect.signature(cls).parameters
    theirs = inspect.signature(getattr(functional, name)).parameters
    common = (set(ours) & set(theirs)) - {'reduction'}
    assert len(common) == count
    assert all(ours[key].default == theirs[key].default for key in common)


def test_functions_of_before_are_importable():
    names = {'asl_loss', 'check_range', 'check_reduction', 'confident', 'correct_labels',
             'focal_margin_loss', 'hill_loss', 'logit', 'prepare', 'reduce_loss', 'relabelled',
             'splc_loss', 'REDUCTIONS'}  # fmt: skip
    assert names <= set(functional.__all__)
    assert all(hasattr(functional, name) for name in functional.__all__)
