"""The family against formulas written out here, in float64, entry by entry where it can be."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mmpretrain_mlml import (
    ANLS,
    APL,
    ASL,
    BCE,
    EM,
    EPR,
    FAMILY,
    GR,
    LLR,
    PASL,
    RLC,
    ROLE,
    SPLC,
    WAN,
    Focal,
    FocalMargin,
    Hill,
    Ignore,
    LLCp,
    LLCt,
    TwoWay,
)
from mmpretrain_mlml.losses.functional import splc_loss


def ready(cls, epoch=3, shape=(9, 7), prior=None, **kwargs):
    """A loss that was told all it wants to know; for ``shape`` images and classes."""
    if issubclass(cls, EPR):
        kwargs.setdefault('expected_positives', 2.0)
    if cls is ROLE:
        kwargs.update(num_samples=shape[0], num_classes=shape[1])
    loss = cls(**kwargs)
    if hasattr(loss, 'set_epoch'):
        loss.set_epoch(epoch, 10)
    if hasattr(loss, 'set_class_prior'):
        loss.set_class_prior([0.1] * shape[1] if prior is None else prior)
    if hasattr(loss, 'set_samples'):
        loss.set_samples(torch.arange(shape[0]), shape[0])
    return loss


def entries(loss, x, y):
    return loss(x, y, reduction_override='none')


def batch(n=9, c=7, scale=3.0, positives=0.3, values=(0.0, 1.0), seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = scale * torch.randn(n, c, generator=generator, dtype=torch.float64)
    if values == (0.0, 1.0):
        y = (torch.rand(n, c, generator=generator) < positives).double()
    else:
        y = torch.randint(-1, 2, (n, c), generator=generator).double()
    return x, y


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def gr(p, epoch, epochs=10):
    s = epoch / epochs
    w, mu, sigma = 2 * s, 0.5 + 0.3 * s, 2 - 1.5 * s
    k, v = sigmoid(w * p - 2), math.exp(-((p - mu) ** 2) / (2 * sigma**2))
    return v * (k * (1 - p**0.01) / 0.01 + (1 - k) * p)


C = 7
BY_ENTRY = {  # name: the loss, then the cost of a positive and of an unmarked entry at logit x
    'BCE': (BCE(), lambda x: -math.log(sigmoid(x)), lambda x: -math.log(1 - sigmoid(x))),
    'WAN': (
        WAN(),
        lambda x: -math.log(sigmoid(x)),
        lambda x: -math.log(1 - sigmoid(x)) / (C - 1),
    ),
    'AN-LS': (
        ANLS(),
        lambda x: -0.9 * math.log(sigmoid(x)) - 0.1 * math.log(1 - sigmoid(x)),
        lambda x: -0.1 * math.log(sigmoid(x)) - 0.9 * math.log(1 - sigmoid(x)),
    ),
    'Focal': (
        Focal(),
        lambda x: -((1 - sigmoid(x)) ** 2) * math.log(sigmoid(x)),
        lambda x: -(sigmoid(x) ** 2) * math.log(1 - sigmoid(x)),
    ),
    'focal margin': (
        FocalMargin(),
        lambda x: -((1 - sigmoid(x - 1)) ** 2) * math.log(sigmoid(x - 1)),
        lambda x: -(sigmoid(x) ** 2) * math.log(1 - sigmoid(x)),
    ),
    'ASL': (
        ASL(),
        lambda x: -math.log(sigmoid(x)),
        lambda x: -(max(sigmoid(x) - 0.05, 0) ** 4) * math.log(1 - max(sigmoid(x) - 0.05, 0)),
    ),
    'Hill': (
        Hill(),
        lambda x: -((1 - sigmoid(x - 1)) ** 2) * math.log(sigmoid(x - 1)),
        lambda x: (1.5 - sigmoid(x)) * sigmoid(x) ** 2,
    ),
    'EM': (
        EM(),
        lambda x: -math.log(sigmoid(x)),
        lambda x: (
            0.1 * (sigmoid(x) * math.log(sigmoid(x)) + (1 - sigmoid(x)) * math.log(1 - sigmoid(x)))
        ),
    ),
    'GR': (ready(GR, 3), lambda x: -math.log(sigmoid(x)), lambda x: gr(sigmoid(x), 3)),
    'GR at the start': (ready(GR, 0), lambda x: -math.log(sigmoid(x)), lambda x: gr(sigmoid(x), 0)),
    'Ignore': (Ignore(), lambda x: -math.log(sigmoid(x)), lambda x: -math.log(1 - sigmoid(x))),
}


@pytest.mark.parametrize('name', BY_ENTRY)
def test_an_entry_costs_what_the_formula_says(name):
    loss, positive, negative = BY_ENTRY[name]
    x, y = batch(c=C)
    expected = [
        [positive(a) if b else negative(a) for a, b in zip(*rows)]
        for rows in zip(x.tolist(), y.tolist())
    ]
    torch.testing.assert_close(
        entries(loss, x, y), torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-14
    )


def slope(loss, x, y):
    x = x.clone().requires_grad_()
    loss(x, y, reduction_override='sum').backward()
    return x.grad


@pytest.mark.parametrize('cls', [Focal, ASL])
def test_weights_are_in_the_gradient_only_if_not_detached(cls):
    x, y = batch()
    attached, detached = cls(detach=False), cls(detach=True)
    assert torch.equal(entries(attached, x, y), entries(detached, x, y))
    torch.autograd.gradcheck(lambda x: entries(attached, x, y), x.clone().requires_grad_())
    weight = slope(attached, x, y) - slope(detached, x, y)
    assert weight.abs().max() > 1e-2
    assert torch.equal(slope(cls(), x, y), slope(detached, x, y))  # as released


def test_asl_not_detached_is_that_of_mmpretrain():
    from mmpretrain.models.losses import AsymmetricLoss

    x, y = batch()
    ours = ASL(gamma_neg=4, gamma_pos=1, clip=0.05, detach=False)
    theirs = AsymmetricLoss(gamma_neg=4, gamma_pos=1, clip=0.05, reduction='none', eps=1e-300)
    torch.testing.assert_close(entries(ours, x, y), theirs(x, y), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(
        slope(ours, x, y),
        torch.autograd.grad(theirs(z := x.clone().requires_grad_(), y).sum(), z)[0],
        rtol=1e-9,
        atol=1e-12,
    )


def test_gr_looks_at_p_in_its_weights_but_does_not_differentiate_it():
    x = torch.tensor([[0.3, -2.0]], dtype=torch.float64)
    found = slope(ready(GR, 5), x, torch.zeros(1, 2))
    for logit, gradient in zip(x[0].tolist(), found[0].tolist()):
        p = sigmoid(logit)
        w, mu, sigma = 1.0, 0.65, 1.25
        k, v = sigmoid(w * p - 2), math.exp(-((p - mu) ** 2) / (2 * sigma**2))
        expected = v * (k * -(p**0.01) * (1 - p) + (1 - k) * p * (1 - p))
        assert gradient == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(('epoch', 'k'), [(0, 0), (1, 1), (4, 2), (40, 13), (9999, 63)])
@pytest.mark.parametrize('cls', [LLR, LLCt])
def test_large_losses_are_left_out_or_turned_round(cls, epoch, k):
    x, y = batch()  # 63 entries; half a per cent an epoch
    y[0, 0] = -1
    loss = ready(cls, epoch, delta=0.5)
    assert k == min(math.ceil(63 * epoch * 0.005), 63)
    flat, labels = x.flatten().tolist(), y.flatten().tolist()
    unmarked = [i for i, label in enumerate(labels) if label == 0]
    large = set(sorted(unmarked, key=lambda i: -flat[i])[:k])  # BCE of a 0 grows with the logit
    expected = []
    for i, (logit, label) in enumerate(zip(flat, labels)):
        positive, negative = -math.log(sigmoid(logit)), -math.log(1 - sigmoid(logit))
        if i in large:
            expected.append(0.0 if cls is LLR else positive)
        else:
            expected.append({1: positive, 0: negative, -1: 0.0}[label])
    expected = torch.tensor(expected, dtype=torch.float64).view_as(x)
    torch.testing.assert_close(entries(loss, x, y), expected, rtol=1e-12, atol=1e-15)


def test_large_losses_are_those_of_the_base():
    x, y = batch()
    loss = ready(LLR, 40, delta=0.5, base=Hill())
    cost = entries(Hill(), x, torch.zeros_like(x)).masked_fill(y == 1, -1)
    large = cost >= cost.flatten().topk(13).values[-1]
    assert large.sum() == 13
    torch.testing.assert_close(
        entries(loss, x, y), entries(Hill(), x, y).masked_fill(large, 0), rtol=1e-12, atol=0
    )


def test_llcp_turns_labels_for_good():
    x, y = batch()
    loss = ready(LLCp, 0, shape=(20, 7), delta=3.0)  # two of 63 entries an epoch
    turned = torch.zeros(20, 7, dtype=torch.bool)
    rows = torch.arange(2, 11)
    for epoch in range(4):
        loss.set_epoch(epoch, 10)
        loss.set_samples(rows, 20)
        x = x.roll(1, 0)
        unmarked = (y == 0) & ~turned[rows]
        if epoch:
            cost = torch.where(unmarked, x, -torch.inf)  # BCE of a 0 grows with the logit
            turned[rows] |= unmarked & (cost >= cost.flatten().topk(2).values[-1])
        labels = torch.where(turned[rows], 1, y)
        torch.testing.assert_close(entries(loss, x, y), entries(BCE(), x, labels))
    assert turned.sum() == 6
    assert torch.equal(loss.memory.get('turned'), turned)
    other = LLCp()
    other.memory.load(loss.memory.state())
    assert torch.equal(other.memory.get('turned'), turned)
    with pytest.raises(ValueError, match=r"has the columns \['turned'\], got \['pseudo', 'seen'\]"):
        other.memory.load({'pseudo': turned, 'seen': turned})
    with pytest.raises(
        ValueError, match='expected a batch of 9 samples, as set_samples said, got 4'
    ):
        loss(x[:4], y[:4])
    other.set_epoch(1, 10)
    with pytest.raises(RuntimeError, match=r'LLCp is missing the samples.*LossDataHook'):
        other(x, y)


def test_apl_makes_the_least_probable_soft_negatives():
    x, y = batch()
    y[0, 0] = -1
    loss = ready(APL, 0, alpha=0.3, beta=0.5, warmup=2, proportion=0.8)
    unmarked = y == 0
    count = int(unmarked.sum())
    pseudo = torch.full_like(x, torch.nan)
    for epoch in range(6):
        if epoch >= 2:  # of what was seen in the epoch before
            p = x.float().sigmoid()
            free = torch.where(unmarked & pseudo.isnan(), p, torch.inf).flatten()
            wanted = int(0.8 * (epoch - 1) / 8 * count) - int((~pseudo.isnan()).sum())
            least = free.argsort()[:wanted]
            pseudo.view(-1)[least] = free[least].double()
        loss.set_epoch(epoch, 10)
        loss.set_epoch(epoch, 10)  # told again, as a run that is resumed inside an epoch does
        x = x.roll(1, 1)
        soft = -pseudo * F.logsigmoid(x) - (1 - pseudo) * F.logsigmoid(-x)
        expected = torch.where(pseudo.isnan(), entries(EM(alpha=0.3), x, y), 0.5 * soft)
        torch.testing.assert_close(entries(loss, x, y), expected)
    assert (~pseudo.isnan()).sum() == int(0.8 * 4 / 8 * count)


def test_role_teaches_the_network_by_the_table_and_the_table_by_the_network():
    x, y = batch()
    loss = ready(ROLE, shape=(20, 7), expected_positives=2.5)
    rows = torch.arange(2, 11)
    loss.set_samples(rows, 20)
    loss.double()
    torch.nn.init.normal_(loss.labels, generator=torch.Generator().manual_seed(1))
    x.requires_grad_()
    loss(x, y).backward()
    v = loss.labels.detach().clone().requires_grad_()
    z = x.detach().clone().requires_grad_()
    expected = 0
    for pupil, teacher in ((z, v[rows]), (v[rows], z)):
        share = teacher.detach().sigmoid()
        expected = expected + EPR(expected_positives=2.5)(pupil, y) / 2
        expected = expected + F.binary_cross_entropy_with_logits(pupil, share, reduction='sum') / 18
    expected.backward()
    torch.testing.assert_close(loss(x, y), expected)
    torch.testing.assert_close(x.grad, z.grad)
    torch.testing.assert_close(loss.labels.grad, v.grad)
    assert not loss.labels.grad[11:].any()


def test_epr_counts_the_positives_of_an_image():
    x, y = batch()
    p = x.sigmoid()
    expected = (-(p.log()) * y).sum(1).mean() + (p.sum(1).mean() - 2.5) ** 2 / C
    loss = EPR(expected_positives=2.5)
    torch.testing.assert_close(loss(x, y), expected, rtol=1e-12, atol=0)
    torch.autograd.gradcheck(lambda x: loss(x, y), x.clone().requires_grad_())
    # unknown entries: neither counted nor charged
    y[:, 3] = -1
    known = y >= 0
    expected = (-(p.log()) * (y == 1)).sum() / 9 + (
        ((p * known).sum(1).mean() - 2.5) ** 2 / C**2 * known.sum() / 9
    )
    torch.testing.assert_close(loss(x, y), expected, rtol=1e-12, atol=0)


def two_way(x, y, t_pos, t_neg):
    total = []
    for axis in (1, 0):
        costs = []
        for logits, labels in zip(*(np.moveaxis(a.numpy(), axis, -1) for a in (x, y))):
            positive, negative = logits[labels == 1], logits[labels == 0]
            if len(positive) == 0 or len(negative) == 0:
                costs.append(0.0)
                continue
            inner = t_pos * math.log(sum(math.exp(-v / t_pos) for v in positive))
            inner += t_neg * math.log(sum(math.exp(v / t_neg) for v in negative))
            costs.append(math.log1p(math.exp(inner)))
        total.append(sum(costs) / len(costs))
    return sum(total)


def test_two_way_ranks_within_images_and_within_classes():
    x, y = batch()
    y[2], y[:, 4], y[5] = 0, 0, 1  # without positives, and without negatives
    loss = TwoWay(temperature_pos=3.0, temperature_neg=0.7)
    assert loss(x, y).item() == pytest.approx(two_way(x, y, 3.0, 0.7), rel=1e-12)
    torch.autograd.gradcheck(lambda x: loss(x, y), x.clone().requires_grad_())
    assert slope(loss, torch.full_like(x, 6e4), y).isfinite().all()
    with pytest.raises(ValueError, match='cannot interpolate'):
        loss(x, y * 0.5)
    # a positive that counts twice is one that is there twice
    found = TwoWay(pos_weight=2.0)(torch.tensor([[0.3, -1.0]]), torch.tensor([[1.0, 0]]))
    inner = 4 * math.log(2 * math.exp(-0.3 / 4)) - 1.0
    assert found.item() == pytest.approx(math.log1p(math.exp(inner)), rel=1e-5)


def test_rlc_corrects_what_is_above_tau_and_above_its_class():
    x, y = batch()
    x[:, 3] = x[:, 3].abs() + 1  # a class found everywhere
    p = x.sigmoid()
    flip = (p > 0.7) & (p > p.mean(0)) & (y == 0)
    assert flip.any()
    assert ((p > 0.7) & (p <= p.mean(0)) & (y == 0)).any()
    margin = x - y
    pt = torch.where((y == 1) | flip, margin, -x).sigmoid()
    torch.testing.assert_close(
        entries(ready(RLC, 1), x, y), -((1 - pt) ** 2) * pt.log(), rtol=1e-10, atol=1e-14
    )
    assert torch.equal(entries(ready(RLC, 0), x, y), splc_loss(x, y, correct=False))
    # sums do not come from SPLC's kernel
    torch.testing.assert_close(
        ready(RLC, 1, reduction='sum')(x, y), entries(ready(RLC, 1), x, y).sum()
    )


def test_pasl_tells_known_absent_from_unannotated_and_selects():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    p = x.sigmoid()
    prior = [0.1] * C
    prior[2] = 0.6
    loss = ready(PASL, prior=prior, likelihood_topk=1, gamma_pos=0.5, gamma_neg=1, gamma_unknown=4)
    expected = torch.where(y == 1, -((1 - p) ** 0.5) * p.log(), -p * (1 - p).log())
    unannotated = -(p**4) * (1 - p).log()
    unannotated[:, 2] = 0
    candidates = sorted(x[y == -1].tolist())[-9:]  # one an image, of the batch
    unannotated[x >= candidates[0]] = 0
    expected = torch.where(y == -1, unannotated, expected)
    torch.testing.assert_close(entries(loss, x, y), expected, rtol=1e-12, atol=1e-14)
    everything = ready(PASL, likelihood_topk=0, prior_threshold=None)
    assert (entries(everything, x, y)[y == -1] > 0).all()
    with pytest.raises(ValueError, match='expected a prior of 7 classes, got 4'):
        ready(PASL, shape=(9, 4))(x, y)
    with pytest.raises(RuntimeError, match=r'class prior.*LossDataHook.*set_class_prior'):
        PASL()(x, y)


ALL = pytest.mark.parametrize('cls', FAMILY, ids=lambda cls: cls.__name__)


@ALL
def test_unknown_is_ignored_or_negative(cls):
    x, y = batch(values=(-1.0, 0.0, 1.0))
    ignored = entries(ready(cls, unknown='ignore'), x, y)
    assert not ignored[y == -1].any()
    assert ignored[y == 1].any()
    if 'negative' in cls.UNKNOWN:
        found = entries(ready(cls, unknown='negative'), x, y)
        assert torch.equal(found, entries(ready(cls), x, y.clamp(min=0)))
        summed = ready(cls, unknown='negative', reduction='sum')(x, y)
        torch.testing.assert_close(summed, found.sum())
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
def test_an_empty_batch_and_a_single_class(cls):
    empty = torch.empty(0, 4, requires_grad=True)
    value = ready(cls, shape=(0, 4))(empty, torch.empty(0, 4), avg_factor=0)
    value.backward()
    assert value == 0
    one = torch.randn(5, 1, requires_grad=True)
    loss = ready(cls, shape=(5, 1))(one, torch.tensor([[1.0], [0], [0], [1], [0]]))
    loss.backward()
    assert loss.isfinite()
    assert one.grad.isfinite().all()


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
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_inputs_are_computed_in_float32(cls, dtype):
    x, y = batch()
    half = x.to(dtype).requires_grad_()
    full = half.detach().float().requires_grad_()
    found, expected = ready(cls)(half, y.to(dtype)), ready(cls)(full, y.float())
    found.backward()
    expected.backward()
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=0)
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
        found, expected = [], []
        for dtype, out in ((torch.float32, found), (torch.float64, expected)):
            x = grid.to(dtype)[:, None].requires_grad_()
            loss = ready(cls, shape=(len(grid), 1), reduction='none')
            value = loss(x, torch.full_like(x, label))
            value.sum().backward()
            out += [value.detach().double(), x.grad.double()]
        for a, b in zip(found, expected):
            torch.testing.assert_close(a, b, rtol=5e-6, atol=1e-37)


@ALL
def test_class_weights_and_pos_weight(cls):
    x, y = batch()
    class_weight, pos_weight = torch.linspace(0, 3, C), torch.linspace(0.5, 2, C)
    plain = entries(ready(cls), x, y)
    found = entries(ready(cls, class_weight=class_weight.tolist()), x, y)
    torch.testing.assert_close(found, plain * class_weight)
    for reduction, divide in (('sum', 1), ('mean', len(x))):
        summed = ready(cls, class_weight=class_weight.tolist(), reduction=reduction)(x, y)
        torch.testing.assert_close(summed, found.sum() / divide)
    with pytest.raises(ValueError, match=f'expected class_weight of {C} classes, got 2'):
        ready(cls, class_weight=[1, 2])(x, y)
    with pytest.raises(ValueError, match=f'expected class_weight of {C} classes, got 1'):
        ready(cls, class_weight=[2.0])(x, y)
    with pytest.raises(ValueError, match='finite numbers >= 0'):
        ready(cls, class_weight=[-1.0] * C)
    if issubclass(cls, LLR | LLCt | LLCp):
        base = BCE(pos_weight=pos_weight.tolist())
        with pytest.raises(ValueError, match='give it to the base'):
            cls(base=base, pos_weight=2.0)
        weighted = entries(ready(cls, 0, base=base), x, y)
        assert torch.equal(weighted, entries(ready(cls, 0, pos_weight=pos_weight.tolist()), x, y))
        plain = entries(ready(cls, 0), x, y)
    else:
        weighted = entries(ready(cls, pos_weight=pos_weight.tolist()), x, y)
    if issubclass(cls, TwoWay | EPR):
        assert not torch.equal(weighted, plain)
        return
    trained_as_positive = y == 1
    if issubclass(cls, SPLC):
        trained_as_positive = trained_as_positive | ready(cls).flips(x, y)
    expected = torch.where(trained_as_positive, plain * pos_weight, plain)
    torch.testing.assert_close(weighted, expected)
    assert not [key for key in ready(cls, class_weight=[1.0] * C).state_dict() if key != 'labels']


def test_pos_weight_of_bce_is_that_of_torch():
    x, y = batch()
    soft = (y + 0.3).clamp(max=1)
    weight = torch.linspace(0.5, 2, C, dtype=torch.float64)
    for target in (y, soft):
        torch.testing.assert_close(
            entries(BCE(pos_weight=weight.tolist()), x, target),
            F.binary_cross_entropy_with_logits(x, target, pos_weight=weight, reduction='none'),
        )


@pytest.mark.parametrize('cls', [SPLC, RLC, GR, LLR, LLCt, LLCp, APL])
def test_never_told_the_epoch_raises_and_names_the_hook(cls):
    loss = cls()
    if hasattr(loss, 'set_samples'):
        loss.set_samples(torch.arange(9), 9)
    with pytest.raises(RuntimeError, match=rf'{cls.__name__} is missing the epoch.*LossEpochHook'):
        loss(*batch())


logits = st.floats(-104, 104, width=32)


BY_THEMSELVES = [cls for cls in FAMILY if cls.BY_ENTRY and cls is not WAN]  # it counts classes
labelled = st.tuples(logits, st.sampled_from([-1.0, 0.0, 1.0]))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(labelled, min_size=1, max_size=20), st.sampled_from(BY_THEMSELVES))
def test_the_order_and_the_company_of_entries_do_not_matter(pairs, cls):
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


@settings(max_examples=200, deadline=None, derandomize=True)
@given(logits, st.floats(0.5, 1), st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5]), st.floats(0, 2))
def test_splc_never_charges_a_confident_negative_more_than_focal_margin_does(x, tau, gamma, margin):
    x = torch.tensor([[x]], dtype=torch.float64)
    kept, corrected = (
        splc_loss(x, torch.zeros(1, 1), correct, tau, margin, gamma) for correct in (False, True)
    )
    assert corrected <= kept
    assert (corrected == kept) or x.sigmoid() > tau - 1e-15


@ALL
def test_a_logit_that_is_no_number_is_seen_in_the_sum(cls):
    x, y = batch()
    x[4, 2], y[4, 2] = math.nan, 0
    value = ready(cls, reduction='sum')(x, y)
    x.requires_grad_()
    slopes = torch.autograd.grad(ready(cls, reduction='sum')(x, y), x)[0]
    assert not (value.isfinite() and slopes.isfinite().all())


@ALL
def test_half_logits_do_not_round_the_weights(cls):
    x, y = batch()
    half = x.bfloat16()
    found, expected = (
        entries(ready(cls, pos_weight=3.3), logits, y.float()) for logits in (half, half.float())
    )
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize('base', [TwoWay(), EPR(expected_positives=2.0)])
def test_an_unknown_entry_is_nothing_to_a_base_that_looks_at_the_batch(base):
    x, y = batch(values=(-1.0, 0.0, 1.0))
    loss = ready(SPLC, 0, base=base, reduction='sum')
    assert torch.equal(slope(loss, x, y), slope(base, x, y))
    assert not slope(loss, x, y)[y == -1].any()


def test_what_cannot_be_told_is_refused():
    for loss in (LLR(), LLCp(), GR(), SPLC(), APL()):
        for epoch in (-1, 1.5):
            with pytest.raises(ValueError, match='epoch'):
                loss.set_epoch(epoch, 10)
    for loss in (GR(), APL()):
        with pytest.raises(ValueError, match='below max_epochs=10, got 30'):
            loss.set_epoch(30, 10)
        with pytest.raises(ValueError, match='expected max_epochs, got None'):
            loss.set_epoch(3)
    role = ROLE(expected_positives=2.0, num_samples=10, num_classes=5)
    with pytest.raises(ValueError, match='10 rows of labels and the training set 50 samples'):
        role.set_samples(torch.arange(4), 50)
    for loss in (role, LLCp(), APL()):
        for samples in ([0, -1], [0, 99]):
            with pytest.raises(ValueError, match='samples from 0 to 9'):
                loss.set_samples(torch.tensor(samples), 10)
    with pytest.raises(ValueError, match='avg_factor to be above 0'):
        BCE()(*batch(), avg_factor=0)


def test_a_table_is_made_once_the_samples_are_told_and_left_alone_in_evaluation():
    x, y = batch()
    loss = LLCp(delta=3.0)
    loss.set_epoch(1, 10)
    with pytest.raises(RuntimeError, match='is missing the samples'):
        loss(x, y)
    loss.set_samples(torch.arange(9), 9)
    loss(x, y)
    turned = loss.memory.get('turned').clone()
    assert turned.any()
    loss.eval()(x, y)
    assert torch.equal(loss.memory.get('turned'), turned)


def test_a_whole_number_of_large_losses_is_not_rounded_up():
    x, y = torch.randn(10, 10), torch.zeros(10, 10)
    loss = LLR(delta=1.0)
    for epoch in range(30):
        loss.set_epoch(epoch)
        assert (entries(loss, x, y) == 0).sum() == epoch


def test_a_target_can_have_a_gradient():
    x, y = batch()
    y.requires_grad_()
    for cls in (BCE, Hill):
        (found,) = torch.autograd.grad(ready(cls, reduction='sum')(x, y), y)
        assert found.any()
