"""Batches are on the device before the preprocessor asks for them; nothing else is changed."""

import contextlib

import pytest
import torch
from helpers.runners import make_runner
from helpers.waits import Waits
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmpretrain_mlml.hooks import BatchToDeviceHook, LazyRuntimeInfoHook
from mmpretrain_mlml.runtime import agreement
from mmpretrain_mlml.runtime.agreement import Agreement

SPLC = {'head': {'loss': {'type': 'mmpretrain_mlml.SPLC', '_delete_': True}}}


def let_it(copy, monkeypatch):
    """Let the hook copy, or not, whatever the device."""
    monkeypatch.setattr(BatchToDeviceHook, 'is_elsewhere', staticmethod(lambda device: copy))


@pytest.mark.parametrize('collate', ['default_collate', 'pseudo_collate'])
def test_a_training_is_the_same_to_the_bit(tmp_path, monkeypatch, collate):
    loader = {'collate_fn': {'type': collate}}
    found = []
    for copies in (True, False):
        let_it(copies, monkeypatch)
        runner = make_runner(tmp_path / str(copies), model=SPLC, train_dataloader=loader)
        runner.train()
        weights = [parameter.tolist() for parameter in runner.model.parameters()]
        found.append((runner.message_hub.log_scalars['train/loss'].data[0].tolist(), weights))
    assert len(found[0][0]) == 9
    assert found[0] == found[1]


class Stop(Exception):
    pass


class StopAfter(Hook):
    def __init__(self, steps):
        self.steps = steps

    def after_train_iter(self, runner, batch_idx, *args, **kwargs):
        if batch_idx + 1 == self.steps:
            raise Stop


@pytest.fixture
def meta_as_a_gpu(monkeypatch):
    """Let a device that computes nothing stand for a GPU: a number that is read raises an error."""
    monkeypatch.setattr(LazyRuntimeInfoHook, 'is_late', staticmethod(lambda value: True))
    monkeypatch.setattr(Agreement, 'is_late', staticmethod(lambda flag: True))
    monkeypatch.setattr(agreement, '_copied', lambda flag: (torch.zeros(()), None))
    monkeypatch.setattr(Runner, '_init_model_weights', lambda self: None)


AVERAGE = [{'type': 'mmpretrain_mlml.WeightAverageHook'}]


@pytest.mark.parametrize('copies', [True, False])
@pytest.mark.parametrize('collate', ['default_collate', 'pseudo_collate'])
def test_a_step_copies_nothing_with_a_wait(tmp_path, meta_as_a_gpu, monkeypatch, copies, collate):
    """All tensors of a step are on one device, too, or it would raise an error."""
    let_it(copies, monkeypatch)
    runner = make_runner(
        tmp_path,
        model=SPLC,
        train_dataloader={'collate_fn': {'type': collate}},
        default_hooks={'logger': {'interval': 50}},
        custom_hooks=AVERAGE,
    )
    runner.model.to('meta')
    runner.register_hook(StopAfter(2))
    waits, run_iter = Waits(), type(runner.train_loop).run_iter

    def watched(self, index, batch):
        with waits:
            run_iter(self, index, batch)

    runner.train_loop.run_iter = watched.__get__(runner.train_loop)
    with contextlib.suppress(Stop):
        runner.train()
    assert runner.iter == 1  # the second one did not end
    assert bool(waits.places) == (not copies), waits.places
