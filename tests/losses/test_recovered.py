"""Which unmarked entries a loss treats as if positive, by formulas written out here."""

import pytest
import torch

from mmpretrain_mlml import (
    APL,
    ASL,
    BCE,
    EPR,
    FAMILY,
    GR,
    LLR,
    PASL,
    RLC,
    ROLE,
    SPLC,
    Hill,
    LLCp,
    LLCt,
)
from mmpretrain_mlml.losses.hill import saturation_point

RECOVER = (SPLC, RLC, LLR, LLCt, LLCp, Hill)


def ready(cls, epoch=3, shape=(9, 7), **kwargs):
    if issubclass(cls, EPR):
        kwargs['expected_positives'] = 2.0
    if cls is ROLE:
        kwargs.update(num_samples=shape[0], num_classes=shape[1])
    loss = cls(**kwargs)
    if hasattr(loss, 'set_epoch'):
        loss.set_epoch(epoch, 10)
    if cls is PASL:
        loss.set_class_prior([0.1] * shape[1])
    if hasattr(loss, 'set_samples'):
        loss.set_samples(torch.arange(shape[0]), shape[0])
    return loss


def batch(values=(0.0, 1.0)):
    generator = torch.Generator().manual_seed(0)
    x = 3 * torch.randn(9, 7, generator=generator, dtype=torch.float64)
    y = torch.randint(len(values), (9, 7), generator=generator)
    return x, torch.tensor(values, dtype=torch.float64)[y]


@pytest.mark.parametrize('values', [(0.0, 1.0), (-1.0, 0.0, 1.0)])
@pytest.mark.parametrize('cls', RECOVER)
def test_recovered_entries_are_those_not_pushed_down(cls, values):
    """By the gradient, for what is turned or let go; the rest of the unmarked is pushed down."""
    options = {'delta': 10.0} if cls in (LLR, LLCt, LLCp) else {}
    loss = ready(cls, **options)
    x, y = batch(values=values)
    x.requires_grad_()
    loss(x, y).backward()
    found = loss.recovered(x.detach(), y)
    assert found.dtype == torch.bool
    unmarked = y == 0
    assert found.any()
    assert not (found & ~unmarked).any()
    if cls is Hill:
        top = 3 / 16 / len(x)
        pushed = x.grad >= 0.15 * top
        near = (x.sigmoid() < 0.5) & (x.grad < 0.15 * top)
        assert torch.equal(found, unmarked & ~pushed & ~near)
    else:
        assert torch.equal(found, unmarked & (x.grad <= 0))


def test_splc_recovers_nothing_before_its_epoch_and_asks_its_margin_free_probability_after():
    x, y = torch.tensor([[0.4, 0.41, 5.0, 5.0, 5.0]]), torch.tensor([[0, 0, 1, -1, 0.3]])
    loss = SPLC(tau=0.6)
    assert not loss.recovered(x, y, epoch=0).any()
    assert loss.recovered(x, y, epoch=1).tolist() == [[False, True, False, False, False]]
    loss.set_epoch(0)
    assert not loss.recovered(x, y).any()
    nested = SPLC(tau=0.6, base=ASL())
    nested.set_epoch(1)
    assert nested.recovered(x, y).tolist() == [[False, True, False, False, False]]
    assert SPLC(unknown='negative').recovered(x, y, epoch=1)[0, 3]


def test_what_was_turned_for_good_counts_also_when_it_is_no_longer_among_the_largest():
    loss = ready(LLCp, shape=(1, 4), delta=25.0, epoch=1)
    x, y = torch.tensor([[3.0, 2.0, 1.0, 0.0]]), torch.zeros(1, 4)
    for expected in ([1, 0, 0, 0], [1, 1, 0, 0]):
        loss(x, y)
        assert loss.recovered(x, y).tolist() == [[bool(one) for one in expected]]
        assert loss.recovered(x, y).tolist() == [[bool(one) for one in expected]]  # only asks
    assert loss.recovered(-x, y).tolist() == [[True, True, False, False]]


@pytest.mark.parametrize('cls', [cls for cls in FAMILY if cls not in RECOVER])
def test_the_others_recover_nothing(cls):
    assert {BCE, APL, GR} < set(FAMILY) - set(RECOVER)
    loss = ready(cls)
    assert loss.recovered(*batch()) is None
    assert loss.saturation is None


@pytest.mark.parametrize('lamb', [0.3, 1.0, 1.2, 1.5, 2.0, 10.0])
@pytest.mark.parametrize('share', [0.0, 0.15, 0.5])
def test_the_far_side_of_the_hill_is_where_its_gradient_falls_below_the_share(lamb, share):
    edge = saturation_point(lamb, share)
    x = torch.linspace(-12, 12, 200001, dtype=torch.float64, requires_grad=True)
    p = x.sigmoid()
    (slope,) = torch.autograd.grad(((lamb - p) * p**2).sum(), x)
    top = slope.argmax()
    beyond = p.detach()[top:][slope[top:] > share * slope[top]].max().item()
    assert edge == pytest.approx(beyond, abs=2e-4 if share else 1e-3)
    assert saturation_point(0.0) == saturation_point(-1.0) == 0
    with pytest.raises(ValueError, match='share'):
        saturation_point(1.5, 2.0)
