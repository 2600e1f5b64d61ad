"""TwoWay: ranks within images and within classes."""

import math

import numpy as np
import pytest
import torch
from helpers.losses import batch, slope

from mmpretrain_mlml import TwoWay
from mmpretrain_mlml.losses import checks
from mmpretrain_mlml.losses import two_way as module


def two_way(x, y, t_pos, t_neg):
    total = []
    for axis in (1, 0):
        costs = []
        for logits, labels in zip(*(np.moveaxis(a.numpy(), axis, -1) for a in (x, y))):
            positive, negative = logits[labels == 1], logits[labels == 0]
            if len(positive) == 0:
                continue  # no part of the mean
            if len(negative) == 0:
                costs.append(0.0)
                continue
            inner = t_pos * math.log(sum(math.exp(-v / t_pos) for v in positive))
            inner += t_neg * math.log(sum(math.exp(v / t_neg) for v in negative))
            costs.append(math.log1p(math.exp(inner)))
        total.append(sum(costs) / len(costs))
    return sum(total)


def test_positives_rank_above_negatives_in_images_and_in_classes():
    x, y = batch()
    y[2], y[:, 4], y[5] = 0, 0, 1  # without positives, and without negatives
    loss = TwoWay(temperature_pos=3.0, temperature_neg=0.7)
    assert loss(x, y).item() == pytest.approx(two_way(x, y, 3.0, 0.7), rel=1e-12)
    torch.autograd.gradcheck(lambda x: loss(x, y), x.clone().requires_grad_())
    assert slope(loss, torch.full_like(x, 6e4), y).isfinite().all()


def test_soft_targets_are_refused():
    x, y = batch()
    with pytest.raises(ValueError, match='cannot interpolate'):
        TwoWay()(x, y * 0.5)


def test_wrong_targets_make_the_loss_nan_where_looking_at_them_would_make_a_gpu_wait(monkeypatch):
    x, y = batch()
    expected = TwoWay()(x, y)
    for place in (checks, module):
        monkeypatch.setattr(place, 'readable', lambda target: False)
    assert TwoWay()(x, y) == expected
    for wrong in (0.5, 2.0, -3.0, math.inf):
        y[0, 0] = wrong
        assert TwoWay()(x, y).isnan()
        assert slope(TwoWay(), x, y).isnan().any()


def test_a_positive_with_weight_two_counts_as_two():
    loss = TwoWay(pos_weight=2.0)(torch.tensor([[0.3, -1.0]]), torch.tensor([[1.0, 0]]))
    inner = 4 * math.log(2 * math.exp(-0.3 / 4)) - 1.0
    assert loss.item() == pytest.approx(math.log1p(math.exp(inner)), rel=1e-5)


@pytest.mark.parametrize('name', ['temperature_pos', 'temperature_neg'])
def test_temperatures_must_be_positive(name):
    with pytest.raises(ValueError, match=name):
        TwoWay(**{name: 0})
