"""The formulas: against the released code, against the paper written out, at the limits."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmpretrain_mlml import ASL, SPLC, Hill
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


def random_batch(n=64, c=20, positives=0.2, scale=4.0):
    generator = torch.Generator().manual_seed(0)
    logits = scale * torch.randn(n, c, generator=generator, dtype=torch.float64)
    target = (torch.rand(n, c, generator=generator) < positives).double()
    return logits, target


def test_every_loss_equals_the_released_code(official):
    classes = {'Hill': Hill, 'SPLC': SPLC, 'AsymmetricLoss': ASL}
    for case in official['losses']:
        loss = classes[case['loss']](reduction='sum', **case['kwargs'])
        context = {} if case['epoch'] is None else {'epoch': case['epoch']}
        logits = torch.tensor(case['logits'], dtype=torch.float64, requires_grad=True)
        target = torch.tensor(case['targets'])
        value = loss(logits, target, **context)
        value.backward()
        grad = torch.tensor(case['grad'], dtype=torch.float64)
        assert abs(value.item() - case['sum']) < 1e-10, case['name']
        torch.testing.assert_close(logits.grad, grad, rtol=0, atol=1e-10)
        if 'elementwise' in case:
            entries = loss(logits, target, reduction_override='none', **context)
            expected = torch.tensor(case['elementwise'], dtype=torch.float64)
            torch.testing.assert_close(entries.detach(), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize('gamma', [0.5, 1.0, 2.0, 3.5])
def test_hill_is_the_formula_of_the_paper(gamma):
    logits, target = random_batch()
    p, pm = logits.sigmoid(), (logits - 0.7).sigmoid()
    expected = torch.where(target == 1, -((1 - pm) ** gamma) * pm.log(), (1.3 - p) * p**2)
    torch.testing.assert_close(hill_loss(logits, target, 1.3, 0.7, gamma), expected)


@pytest.mark.parametrize('correct', [False, True])
def test_splc_is_the_formula_of_the_paper(correct):
    logits, target = random_batch()
    before = target.clone()
    x = torch.where(target == 1, logits - 0.5, logits)
    p = x.sigmoid()
    y = torch.where(p > 0.65, torch.ones_like(p), target) if correct else target
    expected = torch.where(y == 1, -((1 - p) ** 2) * p.log(), -(p**2) * (1 - p).log())
    found = splc_loss(logits, target, correct, tau=0.65, margin=0.5)
    torch.testing.assert_close(found, expected)
    assert torch.equal(target, before)


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


@pytest.mark.parametrize('gamma', [0.0, 0.3, 0.5])
def test_small_gammas_have_finite_gradients_where_one_minus_p_cancels(gamma):
    logits = torch.tensor([[18.0, 40.0, 104.0]], requires_grad=True)
    hill_loss(logits, torch.ones(1, 3), gamma=gamma).sum().backward()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize('gamma', [0.0, 0.5, 1.0, 2.0, 3.5])
def test_gradients_pass_gradcheck_for_any_exponent(gamma):
    logits, target = random_batch(3, 4, 0.5, 2.0)
    for loss in (
        lambda x: hill_loss(x, target, gamma=gamma),
        lambda x: splc_loss(x, target, True, gamma=gamma),
        lambda x: asl_loss(x, target, gamma, gamma, 0.05, detach=False),
    ):
        torch.autograd.gradcheck(loss, logits.clone().requires_grad_())


@pytest.mark.parametrize('name', ['hill', 'splc before', 'splc after', 'bce'])
def test_gradients_pass_gradcheck(name):  # ASL and Focal differ from their slope, on purpose
    logits, target = random_batch(3, 4, 0.5, 2.0)
    torch.autograd.gradcheck(lambda x: LOSSES[name](x, target), logits.requires_grad_())


def test_hill_negative_gradient_is_a_hill():
    logits = torch.linspace(-20, 20, 81, dtype=torch.float64).unsqueeze(0).requires_grad_()
    hill_loss(logits, torch.zeros_like(logits)).sum().backward()
    p = logits.detach().sigmoid()
    torch.testing.assert_close(logits.grad, 3 * p**2 * (1 - p) ** 2)


def test_splc_before_change_epoch_is_focal_margin():
    logits, target = random_batch()
    x = torch.where(target == 1, logits - 1, logits)
    pt = torch.where(target == 1, x, -x).sigmoid()
    torch.testing.assert_close(
        splc_loss(logits, target, correct=False), -((1 - pt) ** 2) * pt.log()
    )


def test_without_focus_and_margin_splc_is_bce():
    logits, target = random_batch()
    found = splc_loss(logits, target, correct=False, margin=0, gamma=0)
    expected = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(asl_loss(logits, target, 0, 0, 0), expected)


def test_tau_one_never_corrects():
    logits, target = torch.full((1, 4), 200.0), torch.zeros(1, 4)
    kept, corrected = (splc_loss(logits, target, correct, tau=1.0) for correct in (False, True))
    assert torch.equal(kept, corrected)


def test_correction_is_strictly_above_tau_and_without_margin():
    logits = torch.tensor([[0.0, 1e-6]], dtype=torch.float64)  # p = 0.5 and just above
    kept = splc_loss(logits, torch.zeros(1, 2), correct=False, tau=0.5)
    corrected = splc_loss(logits, torch.zeros(1, 2), correct=True, tau=0.5)
    assert corrected[0, 0] == kept[0, 0]
    as_positive = splc_loss(logits, torch.ones(1, 2), correct=False, margin=0)
    torch.testing.assert_close(corrected[0, 1], as_positive[0, 1], rtol=1e-12, atol=0)


def test_half_inputs_are_corrected_as_float32_decides():
    logits = torch.linspace(0.3, 0.5, 200).to(torch.bfloat16).unsqueeze(0)
    target = torch.zeros_like(logits)
    found = splc_loss(logits, target, correct=True)
    assert torch.equal(found, splc_loss(logits.float(), target.float(), correct=True))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_inside_autocast_the_loss_is_computed_in_float32(dtype):
    logits, target = random_batch()
    logits, target = logits.to(dtype), target.float()
    outside = splc_loss(logits, target, correct=True)
    with torch.autocast('cpu', dtype=dtype):
        inside = splc_loss(logits, target, correct=True)
        hill = hill_loss(logits, target)
    assert inside.dtype == hill.dtype == torch.float32
    assert torch.equal(inside, outside)


@pytest.mark.parametrize('name', LOSSES)
def test_a_soft_target_interpolates_between_absent_and_present(name):
    logits, _ = random_batch()
    absent, present = (LOSSES[name](logits, torch.full_like(logits, value)) for value in (0.0, 1.0))
    mixed = LOSSES[name](logits, torch.full_like(logits, 0.15))
    torch.testing.assert_close(mixed, 0.15 * present + 0.85 * absent)


@pytest.mark.parametrize('name', LOSSES)
def test_an_unknown_entry_costs_nothing(name):
    logits, target = random_batch()
    unknown = torch.rand(target.shape, generator=torch.Generator().manual_seed(1)) < 0.3
    expected = torch.where(unknown, 0.0, LOSSES[name](logits, target))
    found = LOSSES[name](logits.requires_grad_(), target.masked_fill(unknown, -1))
    torch.testing.assert_close(found, expected)
    found.sum().backward()
    assert not logits.grad[unknown].any()
    assert logits.grad[~unknown].any()


@pytest.mark.parametrize(
    ('call', 'expected'),
    [
        (lambda x, y: hill_loss(x, y, gamma=-1), r'gamma in \[0, inf\], got -1'),
        (lambda x, y: hill_loss(x, y, gamma=math.nan), 'gamma'),
        (lambda x, y: splc_loss(x, y, True, tau=1.1), r'tau in \[0, 1\], got 1.1'),
        (lambda x, y: splc_loss(x, y, True, tau=-0.1), 'tau'),
        (lambda x, y: asl_loss(x, y, clip=2), 'clip'),
        (lambda x, y: hill_loss(x, y[:, :2]), r'\(2, 3\) and target \(2, 2\)'),
        (lambda x, y: hill_loss(x[0], y[0]), r'\(N, C\)'),
        (lambda x, y: hill_loss(x.long(), y), 'floating'),
        (lambda x, y: hill_loss(x, y, reduction='avg'), "'avg'; expected one of"),
    ],
)
def test_wrong_arguments_raise_and_say_what_was_expected(call, expected):
    with pytest.raises(ValueError, match=expected):
        call(torch.zeros(2, 3), torch.zeros(2, 3))
