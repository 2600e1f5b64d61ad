"""GR: the formula at several epochs, and its detached weights."""

import math

import pytest
import torch
from helpers.losses import assert_entries_cost, batch, ready, sigmoid, slope

from mmpretrain_mlml import GR


def gr(p, epoch, epochs=10):
    w = 2 * epoch / epochs
    ahead = (epoch + 1) / epochs  # of mu and sigma, as in the released code
    mu, sigma = 0.5 + 0.3 * ahead, 2 - 1.5 * ahead
    k, v = sigmoid(w * p - 2), math.exp(-((p - mu) ** 2) / (2 * sigma**2))
    return v * (k * (1 - p**0.01) / 0.01 + (1 - k) * p)


@pytest.mark.parametrize('epoch', [0, 3, 9])
def test_gr_entry_by_entry(epoch):
    assert_entries_cost(
        ready(GR, epoch), lambda x: -math.log(sigmoid(x)), lambda x: gr(sigmoid(x), epoch)
    )


def test_weights_depend_on_p_and_are_not_differentiated():
    x = torch.tensor([[0.3, -2.0]], dtype=torch.float64)
    gradients = slope(ready(GR, 5), x, torch.zeros(1, 2))
    for logit, gradient in zip(x[0].tolist(), gradients[0].tolist()):
        p = sigmoid(logit)
        w, mu, sigma = 1.0, 0.68, 1.1
        k, v = sigmoid(w * p - 2), math.exp(-((p - mu) ** 2) / (2 * sigma**2))
        expected = v * (k * -(p**0.01) * (1 - p) + (1 - k) * p * (1 - p))
        assert gradient == pytest.approx(expected, rel=1e-12)


def test_the_number_of_epochs_is_required():
    with pytest.raises(ValueError, match='expected max_epochs, got None'):
        GR().set_epoch(3)
    with pytest.raises(ValueError, match='below max_epochs=10, got 30'):
        GR().set_epoch(30, 10)
    with pytest.raises(RuntimeError, match=r'GR is missing the epoch.*LossEpochHook'):
        GR()(*batch())
