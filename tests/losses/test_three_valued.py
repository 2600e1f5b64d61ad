"""``unknown='unobserved'``: the repair for entries of -1, the plain term for verified absences."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from helpers.losses import batch, entries, ready, slope

from mmpretrain_mlml import (
    ASL,
    BCE,
    EPR,
    FAMILY,
    LLR,
    PASL,
    ROLE,
    SPLC,
    Focal,
    FocalMargin,
    Hill,
    Ignore,
    LLCp,
    LLCt,
    TwoWay,
)
from mmpretrain_mlml.losses import base, one_pass
from mmpretrain_mlml.losses.three_valued import complete

REPAIRING = [cls for cls in FAMILY if 'unobserved' in cls.UNKNOWN]
WITHOUT = [BCE, Focal, FocalMargin, ASL, TwoWay, Ignore]
ALL = pytest.mark.parametrize('cls', REPAIRING, ids=lambda cls: cls.__name__)
CLASS_WEIGHT = [0.5, 2, 1, 0, 1, 3, 1]
STRONG = {cls: {'delta': 10.0} for cls in (LLR, LLCt, LLCp)}  # so that something is relabelled


def three(cls, **kwargs):
    return ready(cls, unknown='unobserved', **STRONG.get(cls, {}), **kwargs)


def plain_term(cls, x):
    """The plain negative term of a loss, as its docstring states it."""
    if issubclass(cls, SPLC):
        return -(x.sigmoid() ** 2) * F.logsigmoid(-x)
    if cls is PASL:
        return -x.sigmoid().detach() * F.logsigmoid(-x)
    return -F.logsigmoid(-x)


@pytest.mark.parametrize('cls', WITHOUT, ids=lambda cls: cls.__name__)
def test_losses_without_a_repair_say_so(cls):
    assert set(WITHOUT) == set(FAMILY) - set(REPAIRING)
    with pytest.raises(ValueError, match=f'{cls.__name__} repairs no missing labels'):
        ready(cls, unknown='unobserved')


@pytest.mark.parametrize('cls', [cls for cls in REPAIRING if cls is not PASL])  # see below
@pytest.mark.parametrize('reduction', ['none', 'sum', 'mean'])
@pytest.mark.parametrize('weighted', [False, True])
def test_without_verified_absences_it_is_that_of_0_and_1_bit_for_bit(cls, reduction, weighted):
    x, y = batch()
    weights = {'class_weight': CLASS_WEIGHT, 'pos_weight': 2.5} if weighted else {}
    call = {'weight': torch.linspace(0.5, 2, len(y)), 'avg_factor': 3} if weighted else {}
    for dtype in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        results = []
        for target, unknown in ((2 * y - 1, 'unobserved'), (2 * y - 1, 'negative'), (y, 'ignore')):
            leaf = x.detach().to(dtype, copy=True).requires_grad_()
            options = {**STRONG.get(cls, {}), **weights}
            loss = ready(cls, unknown=unknown, reduction=reduction, **options)
            value = loss(leaf, target.to(dtype), **call)
            value.sum().backward()
            results.append((value, leaf.grad))
        for value, gradient in results[1:]:
            assert torch.equal(results[0][0], value)
            assert torch.equal(results[0][1], gradient)


@pytest.mark.parametrize('reduction', ['none', 'sum', 'mean'])
@pytest.mark.parametrize('cls', [SPLC, LLR, LLCt, LLCp])
def test_with_a_base_it_is_that_of_0_and_1_bit_for_bit(cls, reduction):
    x, y = batch()
    for inner in (BCE, Hill, ASL):
        results = []
        for target, unknown in ((2 * y - 1, 'unobserved'), (y, 'ignore')):
            leaf = x.detach().clone().requires_grad_()
            same = {'unknown': unknown} if inner is Hill else {}
            loss = ready(
                cls, unknown=unknown, reduction=reduction, base=inner(**same), **STRONG.get(cls, {})
            )
            value = loss(leaf, target)
            value.sum().backward()
            results.append((value, leaf.grad))
        assert torch.equal(results[0][0], results[1][0])
        assert torch.equal(results[0][1], results[1][1])


def test_the_repair_of_pasl_is_its_selection():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    for target in (y, torch.where(y == 0, -1, y)):
        both = [
            entries(ready(PASL, unknown=unknown), x, target) for unknown in ('unobserved', 'select')
        ]
        assert torch.equal(*both)


@ALL
def test_a_verified_absence_costs_the_plain_term_and_pushes_at_any_confidence(cls):
    x = torch.linspace(-30, 30, 61, dtype=torch.float64)[:, None].requires_grad_()
    y = torch.zeros_like(x)
    y[0] = 1
    loss = entries(three(cls, shape=tuple(x.shape)), x, y)
    expected = plain_term(cls, x)
    torch.testing.assert_close(loss[1:], expected[1:], rtol=1e-12, atol=1e-300)
    (gradient,) = torch.autograd.grad(loss[1:].sum(), x)
    assert (gradient[1:] > 0).all()
    assert (gradient[x.detach() > 10] > 0.99).all()


@ALL
def test_the_others_cost_what_they_cost_beside_unknown_entries(cls):
    """The repair sees a verified absence as unknown: not a candidate, not in a batch's statistics."""
    x, y = batch(values=(-1.0, 0.0, 1.0))
    loss = entries(three(cls), x, y)
    if cls is PASL:
        expected = entries(ready(cls), x, y)
        torch.testing.assert_close(loss, expected, rtol=0, atol=0)
        return
    seen = torch.where(y == 0, -1, y.clamp(min=0))
    expected = entries(ready(cls, **STRONG.get(cls, {})), x, seen)
    torch.testing.assert_close(loss[y != 0], expected[y != 0], rtol=0, atol=0)
    torch.testing.assert_close(loss[y == 0], plain_term(cls, x)[y == 0])


@ALL
def test_gradients_are_those_of_the_values(cls):
    x, y = batch(5, 4, values=(-1.0, 0.0, 1.0))
    detached = {PASL: {'detach': False}}
    loss = three(cls, shape=(5, 4), reduction='none', **detached.get(cls, {})).eval()
    if cls.__name__ == 'GR':
        loss.w = loss.b = (0.0, 0.0)  # K and V take no part in the gradient: hold them constant
        loss.sigma = (1e9, 1e9)
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, y), x)


@pytest.mark.parametrize(
    'weights',
    [{}, {'class_weight': CLASS_WEIGHT}, {'pos_weight': 2.5, 'class_weight': CLASS_WEIGHT}],
)
@pytest.mark.parametrize('soft', [False, True])
@pytest.mark.parametrize(
    ('cls', 'options'),
    [
        (Hill, {}),
        (Hill, {'lamb': 1.2, 'gamma': 0.0}),
        (SPLC, {}),
        (SPLC, {'tau': 0.0, 'gamma': 1.5}),
    ],
)
@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
def test_one_pass_is_the_written_formula(cls, options, soft, weights, dtype, monkeypatch):
    """Value and gradient, in blocks, in one piece and compiled, against autograd of the formula."""
    x, y = batch(11, values=(-1.0, 0.0, 1.0))
    if soft:
        y[2, 3], y[4, 0] = 0.3, 0.8
    leaf = x.clone().requires_grad_()
    p = leaf.sigmoid()
    gamma = options.get('gamma', 2.0)

    def focal(z, exponent=gamma):
        return -((1 - z.sigmoid()) ** exponent) * F.logsigmoid(z)

    present = focal(leaf - 1) * weights.get('pos_weight', 1)
    if cls is Hill:
        repaired, absent = (options.get('lamb', 1.5) - p) * p**2, -torch.log(1 - p)
    else:
        flip = p > options.get('tau', 0.6)
        repaired = torch.where(flip, focal(leaf) * weights.get('pos_weight', 1), focal(-leaf))
        absent = focal(-leaf)
    share = y.clamp(min=0)
    each = torch.where(y < 0, repaired, share * present + (1 - share) * absent)
    each = each * torch.tensor(weights.get('class_weight', [1.0] * 7), dtype=x.dtype)
    (expected,) = torch.autograd.grad(each.sum(), leaf)

    monkeypatch.setattr(one_pass, 'BLOCK', 4 * 7 + 1)
    close = (
        {'rtol': 1e-10, 'atol': 1e-14} if dtype == torch.float64 else {'rtol': 2e-5, 'atol': 2e-6}
    )
    loss = three(cls, reduction='sum', **options, **weights)
    narrow, target = x.to(dtype), y.to(dtype)
    torch.testing.assert_close(entries(loss, narrow, target).double(), each.detach(), **close)
    function = complete(loss.one_pass(), loss.one_pass_of_stated())
    factors = loss._kept_factors.of(narrow, loss.class_weight, loss.pos_weight)
    piece = factors.absent, factors.present
    for call in (
        loss,
        lambda x, y: one_pass._InOnePiece.apply(x, y, function, *piece),
    ):
        leaf = narrow.clone().requires_grad_()
        value = call(leaf, target)
        value.backward()
        torch.testing.assert_close(value.double(), each.detach().sum(), **close)
        torch.testing.assert_close(leaf.grad.double(), expected, **close)


@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_sums_take_one_pass_also_compiled(cls, monkeypatch):
    calls = []
    original = base.sum_in_one_pass
    monkeypatch.setattr(
        base, 'sum_in_one_pass', lambda *args: calls.append(args) or original(*args)
    )
    x, y = batch(values=(-1.0, 0.0, 1.0))
    loss = three(cls, reduction='sum')
    expected = loss(x, y)
    assert calls
    torch.testing.assert_close(entries(loss, x, y).sum(), expected)
    monkeypatch.undo()
    torch._dynamo.reset()
    leaf = x.clone().requires_grad_()
    value = torch.compile(loss, backend='aot_eager', fullgraph=True)(leaf, y)
    value.backward()
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(leaf.grad, slope(loss, x, y))


@ALL
@pytest.mark.parametrize('dtype', [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_far_logits_give_finite_losses_and_gradients(cls, dtype):
    x = torch.tensor([[s * v for v in (0.0, 18.0, 88.0, 104.0, 6e4) for s in (1, -1)]], dtype=dtype)
    for label in (0.0, 1.0, -1.0):
        for reduction in ('none', 'sum'):
            leaf = x.clone().requires_grad_()
            value = three(cls, shape=(1, 10), reduction=reduction)(
                leaf, torch.full_like(leaf, label)
            )
            value.sum().backward()
            assert value.isfinite().all()
            assert leaf.grad.isfinite().all()


@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_nan_and_integer_targets(cls):
    x, y = batch(values=(-1.0, 0.0, 1.0))
    loss = three(cls, reduction='sum')
    assert torch.equal(loss(x, y.to(torch.int8)), loss(x, y))
    x[torch.where(y == 0)[0][0], torch.where(y == 0)[1][0]] = math.nan
    assert loss(x, y).isnan()


def test_only_unobserved_entries_are_recovered():
    x = torch.full((1, 3), 4.0)
    y = torch.tensor([[1.0, 0.0, -1.0]])
    for cls in (SPLC, Hill, LLCt):
        loss = three(cls, shape=(1, 3)) if cls is not LLCt else ready(
            LLCt, unknown='unobserved', delta=30.0, shape=(1, 3)
        )  # fmt: skip
        assert loss.unobserved(y).tolist() == [[False, False, True]]
        assert loss.recovered(x, y).tolist() == [[False, False, True]]


class TestBase:
    def test_a_plain_base_sees_verified_absences_as_0(self):
        x, y = batch(values=(-1.0, 0.0, 1.0))
        labels = torch.where((y == -1) & (x.sigmoid() > 0.6), 1, y.clamp(min=0))
        for loss in (BCE(), TwoWay()):
            mine = entries(three(SPLC, base=loss), x, y)
            torch.testing.assert_close(mine, entries(loss, x, labels), rtol=0, atol=0)

    def test_a_base_that_repairs_sees_all_three(self):
        x, y = batch(values=(-1.0, 0.0, 1.0))
        hill = Hill(unknown='unobserved')
        labels = torch.where((y == -1) & (x.sigmoid() > 0.6), 1, y)
        mine = entries(three(SPLC, base=hill), x, y)
        torch.testing.assert_close(mine, entries(hill, x, labels), rtol=0, atol=0)

    def test_rejected_entries_cost_nothing_and_verified_ones_are_kept(self):
        x, y = batch(values=(-1.0, 0.0, 1.0))
        loss = three(LLR, base=Hill(unknown='unobserved'))
        cost = entries(loss, x, y)
        rejected = loss.recovered(x, y)
        assert rejected.any()
        assert not cost[rejected].any()
        torch.testing.assert_close(cost[y == 0], -F.logsigmoid(-x)[y == 0])

    @pytest.mark.parametrize(
        ('outer', 'inner'), [('unobserved', 'ignore'), ('negative', 'unobserved')]
    )
    def test_a_base_that_reads_the_labels_otherwise_is_refused(self, outer, inner):
        expected = f"SPLC has unknown='{outer}', its base Hill '{inner}': give 'unobserved' to both"
        with pytest.raises(ValueError, match=re.escape(expected)):
            SPLC(unknown=outer, base=Hill(unknown=inner))


def test_a_memory_holds_unobserved_entries_only():
    x, y = torch.full((4, 3), 5.0), torch.tensor([[1.0, 0.0, -1.0]] * 4)
    loss = ready(LLCp, unknown='unobserved', delta=30.0, shape=(4, 3))
    x = x + torch.arange(4.0)[:, None]
    loss(x, y)
    turned = loss.memory.get('turned')
    assert turned[:, 2].any()
    assert not turned[:, :2].any()


def test_expected_positives_leave_verified_absences_out():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    more = x + 3 * (y == 0)
    for cls in (EPR, ROLE):
        change = entries(three(cls), more, y) - entries(three(cls), x, y)
        assert not change[y != 0].any()


def test_subclasses_keep_the_passes_that_fit_them():
    class Harder(Hill):
        def verified_absent(self, logits):
            return 2 * super().verified_absent(logits)

    class Lower(Hill):
        def negative(self, logits):
            return super().negative(logits) / 2

    x, y = batch(values=(-1.0, 0.0, 1.0))
    for cls in (Harder, Lower):
        loss = cls(unknown='unobserved', reduction='sum')
        torch.testing.assert_close(loss(x, y), entries(loss, x, y).sum())
    assert Harder().one_pass() is not None
    assert Harder().one_pass_of_stated() is None
