"""What holds for every loss of the family; the formulas are in the test files of the losses."""

import math

import pytest
import torch
from helpers.losses import batch, entries, ready
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpretrain_mlml import EM, EPR, FAMILY, PASL, SPLC, WAN, TwoWay
from mmpretrain_mlml.losses.correction import LabelCorrection

ALL = pytest.mark.parametrize('cls', FAMILY, ids=lambda cls: cls.__name__)


@ALL
def test_unknown_is_ignored_or_negative(cls):
    x, y = batch(values=(-1.0, 0.0, 1.0))
    ignored = entries(ready(cls, unknown='ignore'), x, y)
    assert not ignored[y == -1].any()
    assert ignored[y == 1].any()
    if 'negative' in cls.UNKNOWN:
        loss = entries(ready(cls, unknown='negative'), x, y)
        known = y >= 0 if cls is PASL else slice(None)  # P-ASL has a term of its own for them
        assert torch.equal(loss[known], entries(ready(cls), x, y.clamp(min=0))[known])
        summed = ready(cls, unknown='negative', reduction='sum')(x, y)
        torch.testing.assert_close(summed, loss.sum())
    with pytest.raises(ValueError, match="unknown='whatever' is none of"):
        ready(cls, unknown='whatever')


@ALL
def test_a_batch_of_unknowns_costs_nothing_and_back_propagates(cls):
    x = batch()[0].requires_grad_()
    for reduction in ('sum', 'mean'):
        value = ready(cls, unknown='ignore', reduction=reduction)(x, torch.full_like(x, -1))
        value.backward()
        assert value == 0
        assert not x.grad.any()


@ALL
def test_an_empty_batch_gives_zero_and_back_propagates(cls):
    empty = torch.empty(0, 4, requires_grad=True)
    value = ready(cls, shape=(0, 4))(empty, torch.empty(0, 4), avg_factor=0)
    value.backward()
    assert value == 0


@ALL
def test_a_single_class_gives_finite_losses_and_gradients(cls):
    x = torch.randn(5, 1, requires_grad=True)
    loss = ready(cls, shape=(5, 1))(x, torch.tensor([[1.0], [0], [0], [1], [0]]))
    loss.backward()
    assert loss.isfinite()
    assert x.grad.isfinite().all()


MEANINGLESS = [2, 1.0001, -0.5, -2, math.nan, math.inf]


@ALL
@pytest.mark.parametrize('value', MEANINGLESS)
def test_a_target_without_meaning_is_refused(cls, value):
    x, y = batch()
    y[2, 3] = value
    for unknown in cls.UNKNOWN:
        loss = ready(cls, unknown=unknown)
        for reduction in ('mean', 'none'):
            with pytest.raises(
                ValueError, match=r'^expected targets of 1.*, got .* in 1 of 63 entr'
            ):
                loss(x, y, reduction_override=reduction)


@ALL
def test_views_give_the_same_and_inputs_are_not_modified(cls):
    x, y = batch()
    wide, tall = x.repeat(1, 2)[:, ::2], y.T.contiguous().T
    wide.copy_(x)
    before = wide.clone(), tall.clone()
    torch.testing.assert_close(ready(cls)(wide, tall), ready(cls)(x, y), rtol=1e-12, atol=0)
    assert torch.equal(wide, before[0])
    assert torch.equal(tall, before[1])


@ALL
@pytest.mark.parametrize('dtype', [torch.int64, torch.bool])
def test_targets_of_any_dtype_give_the_same(cls, dtype):
    x, y = batch()
    for reduction in ('none', 'sum'):
        loss, expected = (ready(cls, reduction=reduction)(x, target) for target in (y.to(dtype), y))
        assert torch.equal(loss, expected)


@ALL
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_inputs_are_computed_in_float32(cls, dtype):
    x, y = batch()
    half = x.to(dtype).requires_grad_()
    full = half.detach().float().requires_grad_()
    loss, expected = ready(cls)(half, y.to(dtype)), ready(cls)(full, y.float())
    loss.backward()
    expected.backward()
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=0)
    one_ulp = torch.finfo(dtype).eps
    torch.testing.assert_close(
        half.grad.float(), full.grad, rtol=one_ulp, atol=torch.finfo(dtype).smallest_normal
    )


@ALL
@pytest.mark.parametrize('dtype', [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_far_logits_give_finite_losses_and_gradients(cls, dtype):
    x = torch.tensor([[s * v for v in (0.0, 18.0, 88.0, 104.0, 6e4) for s in (1, -1)]], dtype=dtype)
    for label in (0.0, 1.0, -1.0):
        leaf = x.clone().requires_grad_()
        for reduction in ('none', 'sum'):
            loss = ready(cls, shape=(1, 10), reduction=reduction)
            value = loss(leaf, torch.full_like(leaf, label))
            value.sum().backward()
            assert value.isfinite().all()
            assert leaf.grad.isfinite().all()


@ALL
def test_float32_is_the_formula_in_float64(cls):
    """Loss and gradient of each entry, logits up to 104, within 5e-6 of its value."""
    # Without the logits next to ASL's clip, where 1 - p - clip cancels by its nature.
    grid = torch.cat([torch.linspace(-104, -4, 101), torch.linspace(-2.5, 104, 214)])
    for label in (0.0, 1.0):
        results = {}
        for dtype in (torch.float32, torch.float64):
            x = grid.to(dtype)[:, None].requires_grad_()
            loss = ready(cls, shape=(len(grid), 1), reduction='none')
            value = loss(x, torch.full_like(x, label))
            value.sum().backward()
            results[dtype] = value.detach().double(), x.grad.double()
        for narrow, wide in zip(*results.values()):
            torch.testing.assert_close(narrow, wide, rtol=5e-6, atol=1e-37)


@ALL
def test_class_weight_is_a_factor_by_class(cls):
    x, y = batch()
    classes = x.size(1)
    weight = torch.linspace(0, 3, classes)
    plain = entries(ready(cls), x, y)
    weighted = entries(ready(cls, class_weight=weight.tolist()), x, y)
    torch.testing.assert_close(weighted, plain * weight)
    for reduction, divide in (('sum', 1), ('mean', len(x))):
        summed = ready(cls, class_weight=weight.tolist(), reduction=reduction)(x, y)
        torch.testing.assert_close(summed, weighted.sum() / divide)
    loss = ready(cls, class_weight=[1.0] * classes)
    assert set(loss.state_dict()) <= {'labels'}  # ROLE's parameter; weights are in no checkpoint


@ALL
@pytest.mark.parametrize('reduction', ['none', 'sum'])
def test_class_weights_are_checked(cls, reduction):
    x, y = batch()
    for count in (1, 2):
        loss = ready(cls, class_weight=[2.0] * count, reduction=reduction)
        with pytest.raises(ValueError, match=f'expected class_weight of 7 classes, got {count}'):
            loss(x, y)
    with pytest.raises(ValueError, match='finite numbers >= 0'):
        ready(cls, class_weight=[-1.0] * 7)


@ALL
def test_pos_weight_is_a_factor_on_what_is_trained_as_positive(cls):
    x, y = batch()
    weight = torch.linspace(0.5, 2, x.size(1))
    epoch = 3 if issubclass(cls, SPLC) or not issubclass(cls, LabelCorrection) else 0
    plain = entries(ready(cls, epoch), x, y)
    weighted = entries(ready(cls, epoch, pos_weight=weight.tolist()), x, y)
    if issubclass(cls, TwoWay | EPR):  # a term of theirs holds positives and negatives
        assert not torch.equal(weighted, plain)
        return
    trained_as_positive = y == 1
    if issubclass(cls, SPLC):
        trained_as_positive = trained_as_positive | ready(cls).flips(x, y)
    torch.testing.assert_close(weighted, torch.where(trained_as_positive, plain * weight, plain))


@ALL
def test_half_logits_do_not_round_the_weights(cls):
    x, y = batch()
    half = x.bfloat16()
    loss, expected = (
        entries(ready(cls, pos_weight=3.3), logits, y.float()) for logits in (half, half.float())
    )
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-9)


@ALL
def test_nan_logits_show_in_the_sum(cls):
    x, y = batch()
    x[4, 2], y[4, 2] = math.nan, 0
    value = ready(cls, reduction='sum')(x, y)
    x.requires_grad_()
    slopes = torch.autograd.grad(ready(cls, reduction='sum')(x, y), x)[0]
    assert not (value.isfinite() and slopes.isfinite().all())


BY_THEMSELVES = [cls for cls in FAMILY if cls.BY_ENTRY and cls is not WAN]  # WAN counts classes
logits = st.floats(-104, 104, width=32)
labelled = st.tuples(logits, st.sampled_from([-1.0, 0.0, 1.0]))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(labelled, min_size=1, max_size=20), st.sampled_from(BY_THEMSELVES))
def test_order_and_company_of_entries_do_not_matter(pairs, cls):
    loss = ready(cls)
    x, y = torch.tensor(pairs).T[:, None]
    whole = entries(loss, x, y)
    assert whole.isfinite().all()
    if cls is not EM:
        assert (whole >= 0).all()
    close = {'rtol': 1e-6, 'atol': 1e-37}
    apart = [entries(loss, x[:, i : i + 1], y[:, i : i + 1]) for i in range(x.size(1))]
    torch.testing.assert_close(whole, torch.cat(apart, 1), **close)
    torch.testing.assert_close(entries(loss, x.flip(1), y.flip(1)), whole.flip(1), **close)
