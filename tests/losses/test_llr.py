"""LL-R: large losses of unobserved entries are rejected."""

import math

import pytest
import torch
from helpers.losses import batch, entries, ready, sigmoid

from mmpretrain_mlml import LLR


@pytest.mark.parametrize(('epoch', 'k'), [(0, 0), (1, 1), (4, 2), (40, 13), (9999, 63)])
def test_large_losses_cost_nothing(epoch, k):
    x, y = batch()  # 63 entries; half a per cent an epoch
    y[0, 0] = -1
    loss = ready(LLR, epoch, delta=0.5)
    assert k == min(math.ceil(63 * epoch * 0.005), 63)
    flat, labels = x.flatten().tolist(), y.flatten().tolist()
    unobserved = [i for i, label in enumerate(labels) if label == 0]
    large = set(sorted(unobserved, key=lambda i: -flat[i])[:k])  # BCE of a 0 grows with the logit
    expected = []
    for i, (logit, label) in enumerate(zip(flat, labels)):
        positive, negative = -math.log(sigmoid(logit)), -math.log(1 - sigmoid(logit))
        if i in large:
            expected.append(0.0)
        else:
            expected.append({1: positive, 0: negative, -1: 0.0}[label])
    expected = torch.tensor(expected, dtype=torch.float64).view_as(x)
    torch.testing.assert_close(entries(loss, x, y), expected, rtol=1e-12, atol=1e-15)
