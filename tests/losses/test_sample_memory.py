"""The memory of samples: rows, checkpoints, errors."""

import pytest
import torch
from helpers.losses import batch, ready

from mmpretrain_mlml import APL, LLCp


def test_state_is_loaded_by_another_loss_of_the_kind():
    x, y = batch()
    loss = ready(LLCp, delta=3.0)
    loss(x, y)
    turned = loss.memory.get('turned')
    assert turned.any()
    other = LLCp()
    other.memory.load(loss.memory.state())
    assert torch.equal(other.memory.get('turned'), turned)
    with pytest.raises(ValueError, match=r"has the columns \['turned'\], got \['pseudo', 'seen'\]"):
        other.memory.load({'pseudo': turned, 'seen': turned})


def test_samples_must_fit_the_batch_and_be_set():
    x, y = batch()
    loss = ready(LLCp)
    with pytest.raises(
        ValueError, match='expected a batch of 9 samples, as set_samples said, got 4'
    ):
        loss(x[:4], y[:4])
    other = LLCp()
    other.set_epoch(1, 10)
    with pytest.raises(RuntimeError, match=r'LLCp is missing the samples.*LossDataHook'):
        other(x, y)


@pytest.mark.parametrize('cls', [LLCp, APL])
@pytest.mark.parametrize('samples', [[0, -1], [0, 99]])
def test_samples_out_of_range_are_refused(cls, samples):
    with pytest.raises(ValueError, match='samples from 0 to 9'):
        cls().set_samples(torch.tensor(samples), 10)


def test_nothing_of_it_is_in_the_state_dict():
    loss = ready(LLCp, delta=3.0)
    loss(*batch())
    assert not loss.state_dict()
