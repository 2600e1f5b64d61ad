"""Counts by class of what a loss recovers, against counts by hand."""

import pytest
import torch

from mmpretrain_mlml import BCE, SPLC
from mmpretrain_mlml.monitoring.recovery_counter import RecoveryCounter

PRED = torch.tensor([[4.0, 4.0, -4.0], [4.0, 4.0, 4.0]])
TARGET = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
TRUTH = torch.tensor([[True, True, True], [False, True, False]])
COUNTED = [[2, 2, 2], [1, 2, 1], [1, 2, 0]]  # images, unobserved, recovered
WITH_TRUTH = [*COUNTED, [0, 2, 0], [0, 2, 1]]  # recovered and unobserved that are present


def counter(loss, with_truth=False):
    counter = RecoveryCounter()
    counter.start(3, with_truth, torch.device('cpu'))
    counter.observe(loss)
    return counter


def splc(epoch=1):
    loss = SPLC()
    loss.set_epoch(epoch)
    return loss


def test_counts_without_truth():
    loss = splc()
    counts = counter(loss)
    loss(PRED, TARGET)
    assert counts.take().tolist() == COUNTED
    assert not counts.take().any()  # it has started again


def test_counts_with_truth():
    loss = splc()
    counts = counter(loss, with_truth=True)
    for _ in range(2):
        counts.set_truth(TRUTH)
        loss(PRED, TARGET)
    assert counts.take().tolist() == [[2 * number for number in row] for row in WITH_TRUTH]


def test_state_is_a_copy_that_can_be_loaded():
    loss = splc()
    counts = counter(loss)
    loss(PRED, TARGET)
    state = counts.state()
    loss(PRED, TARGET)
    assert state.tolist() == COUNTED
    counts.load(state)
    assert counts.take().tolist() == COUNTED


@pytest.mark.parametrize('shape', [(5, 3), (3, 4)], ids=['full labels', 'classes'])
def test_counts_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r'expected \(3, 3\): resume with the same classes'):
        counter(None).load(torch.zeros(shape))


def test_new_loss_takes_the_place_of_the_earlier_one():
    first, second = splc(), splc()
    counts = counter(first)
    counts.observe(second)
    first(PRED, TARGET)
    assert not counts.state().any()
    second(PRED, TARGET)
    counts.observe(second)  # is not observed twice
    assert counts.state().tolist() == COUNTED


def test_loss_that_recovers_nothing_makes_it_inactive():
    loss = BCE()
    counts = counter(loss)
    assert counts.active
    loss(PRED, TARGET)
    assert not counts.active
    assert not counts.state().any()
    counts.observe(splc())
    assert counts.active
    counts.observe(None)
    assert not counts.active
