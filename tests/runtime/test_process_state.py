"""What differs between processes inside an epoch is gathered, saved and restored."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.runtime.process_state import (
    gather_states,
    restore_buffers,
    restore_hooks,
    restore_random_state,
    share_out,
)


class Counting(Hook):
    def __init__(self):
        self.count = 0

    def process_state(self):
        return {'count': self.count} if self.count else {}

    def load_process_state(self, state):
        self.count = state['count']


class Draws(Hook):
    """Has a state to give, but cannot take one back."""

    def process_state(self):
        raise AssertionError('this hook does not follow the protocol')


def make_runner(channels=2):
    hook = EMAHook()
    runner = SimpleNamespace(model=nn.BatchNorm1d(channels), hooks=[hook, Counting(), Draws()])
    hook.ema_model = ExponentialMovingAverage(runner.model)
    return runner


def buffers(runner):
    return [*runner.model.buffers(), *runner.hooks[0].ema_model.module.buffers()]


def test_state_survives_a_checkpoint(tmp_path):
    runner = make_runner()
    for buffer in buffers(runner):
        buffer.copy_(torch.arange(buffer.numel()).view(buffer.shape) + 3)
    runner.hooks[1].count = 7
    torch.save({'processes': gather_states(runner)}, tmp_path / 'states.pth')
    drawn = random.random(), np.random.rand(), torch.rand(()).item()

    (state,) = load_from_local(tmp_path / 'states.pth')['processes']
    resumed = make_runner()
    restore_buffers(resumed, state)
    restore_hooks(resumed, state)
    restore_random_state(state)
    for restored, expected in zip(buffers(resumed), buffers(runner), strict=True):
        assert torch.equal(restored, expected)
    assert resumed.hooks[1].count == 7
    assert (random.random(), np.random.rand(), torch.rand(()).item()) == drawn


def test_hooks_without_a_saved_state_are_left_alone():
    runner = make_runner()
    (state,) = gather_states(runner)
    assert state['hooks'] == {'Counting': {}}
    runner.hooks[1].count = 5
    restore_hooks(runner, state)
    restore_hooks(runner, {})  # of a checkpoint from before hooks had states
    assert runner.hooks[1].count == 5


def test_buffers_of_another_model_are_refused():
    (state,) = gather_states(make_runner(channels=3))
    with pytest.raises(ValueError, match='6 buffers of this process, which do not fit the 6'):
        restore_buffers(make_runner(channels=2), state)


def states_of_three(count=0):
    states = []
    for rank in range(3):
        runner = make_runner()
        runner.hooks[1].count = count
        for buffer in buffers(runner):
            buffer.fill_(rank * 2)
        states += gather_states(runner)
    return states


def test_other_processes_share_the_average_of_the_buffers_and_keep_their_random_numbers():
    states = states_of_three()
    assert share_out(states, 3) == states
    first, second = share_out(states, 2)
    assert first == second
    runner = make_runner()
    restore_buffers(runner, first)
    mean, variance, batches = buffers(runner)[:3]
    assert mean.tolist() == variance.tolist() == [2.0, 2.0]
    assert batches == 0  # a count, of the first process
    before = random.getstate()
    restore_random_state(first)
    assert random.getstate() == before


def test_states_of_hooks_are_not_shared_out():
    with pytest.raises(
        ValueError, match='by 3 processes, each with a state of Counting: resume with'
    ):
        share_out(states_of_three(count=1), 2)
