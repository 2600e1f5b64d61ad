"""LL-Cp: unobserved entries with large losses are positives for good."""

import pytest
import torch
from helpers.losses import batch, entries, ready

from mmpretrain_mlml import BCE, LLCp


def test_labels_are_turned_for_good():
    x, y = batch()
    loss = ready(LLCp, 0, shape=(20, 7), delta=5.0)  # k is 4 of 63 entries, and k - 1 are turned
    turned = torch.zeros(20, 7, dtype=torch.bool)
    rows = torch.arange(2, 11)
    for epoch in range(4):
        loss.set_epoch(epoch, 10)
        loss.set_samples(rows, 20)
        x = x.roll(1, 0)
        unobserved = (y == 0) & ~turned[rows]
        if epoch:
            cost = torch.where(unobserved, x, -torch.inf)  # BCE of a 0 grows with the logit
            turned[rows] |= unobserved & (cost > cost.flatten().topk(4).values[-1])
        labels = torch.where(turned[rows], 1, y)
        torch.testing.assert_close(entries(loss, x, y), entries(BCE(), x, labels))
    assert turned.sum() == 9
    assert torch.equal(loss.memory.get('turned'), turned)


def test_what_was_turned_stays_recovered():
    """Also when it is no longer among the largest losses."""
    loss = ready(LLCp, shape=(1, 4), delta=50.0, epoch=1)
    x, y = torch.tensor([[3.0, 2.0, 1.0, 0.0]]), torch.zeros(1, 4)
    for expected in ([1, 0, 0, 0], [1, 1, 0, 0]):
        loss(x, y)
        assert loss.recovered(x, y).tolist() == [[bool(one) for one in expected]]
        assert loss.recovered(x, y).tolist() == [[bool(one) for one in expected]]  # only asks
    assert loss.recovered(-x, y).tolist() == [[True, True, False, False]]


def test_evaluation_leaves_the_memory_alone():
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
