"""Losses reach the log late, but the same, in the same order."""

import traceback

import pytest
import torch
from helpers.runners import make_runner
from torch.utils._python_dispatch import TorchDispatchMode

from mmpretrain_mlml.hooks import LazyRuntimeInfoHook
from mmpretrain_mlml.losses import one_pass
from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.runtime.agreement import Agreement

SPLC = {'head': {'loss': {'type': 'mmpretrain_mlml.SPLC', '_delete_': True}}}
LOGGER = {'logger': {'interval': 50}}


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """Treat the CPU as a device for which to wait takes time."""
    monkeypatch.setattr(LazyRuntimeInfoHook, 'is_late', staticmethod(lambda value: True))
    monkeypatch.setattr(Agreement, 'is_late', staticmethod(lambda flag: True))

    class InOnePiece:
        @staticmethod
        def apply(logits, target, kernel, factors, scale):
            rest = factors.absent, factors.present
            return scale * one_pass._InOnePiece.apply(logits, target, kernel, *rest)

    monkeypatch.setattr(one_pass, '_InBlocks', InOnePiece)  # which is the CPU's


def history(tmp_path, kind):
    runner = make_runner(
        tmp_path / kind,
        default_hooks={
            'runtime_info': {'type': kind},
            'logger': {'type': 'LoggerHook', 'interval': 3},
        },
    )
    runner.train()
    kept = load_from_local(tmp_path / kind / 'epoch_2.pth')['message_hub']['log_scalars']
    return [
        {name: buffer.data[0].tolist() for name, buffer in scalars.items() if 'time' not in name}
        for scalars in (runner.message_hub.log_scalars, kept)
    ]


def test_history_and_checkpoints_are_those_of_mmengine(tmp_path, as_on_a_gpu):
    stock = history(tmp_path, 'RuntimeInfoHook')
    assert len(stock[0]['train/loss']) > 4
    assert history(tmp_path, 'mmpretrain_mlml.LazyRuntimeInfoHook') == stock


class Reads(TorchDispatchMode):
    """Notes where Python reads a number from a tensor, for which it would wait for a GPU."""

    # Their tensors are on the CPU on any machine: the optimiser's count of steps, sizes of images.
    ON_THE_CPU = 'torch/optim/', 'mmengine/model/utils.py'

    def __init__(self):
        super().__init__()
        self.places = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten._local_scalar_dense.default:
            frames = [
                f'{frame.filename}:{frame.lineno}' for frame in traceback.extract_stack()[-10:]
            ]
            if not any(place in frame for place in self.ON_THE_CPU for frame in frames):
                self.places.append(frames)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize('kind', ['mmpretrain_mlml.LazyRuntimeInfoHook', 'RuntimeInfoHook'])
def test_a_training_step_waits_for_nothing(tmp_path, as_on_a_gpu, kind):
    """With all default hooks, between two lines of the log; with MMEngine's hook it would wait."""
    hooks = {**LOGGER, 'runtime_info': {'type': kind}}
    runner = make_runner(tmp_path, model=SPLC, default_hooks=hooks)
    used = {type(hook).__name__ for hook in runner.hooks}
    assert {'NonFiniteHook', 'InterruptionHook', 'LossEpochHook', kind.rpartition('.')[2]} <= used
    places, run_iter = [], type(runner.train_loop).run_iter

    def watched(self, index, batch):
        with Reads() as reads:
            run_iter(self, index, batch)
        places.append(reads.places)

    runner.train_loop.run_iter = watched.__get__(runner.train_loop)
    runner.train()
    length = len(runner.train_dataloader)
    inside = [places[index] for index in range(len(places)) if (index + 1) % length]
    assert len(inside) == 6
    waits = [bool(found) for found in inside]
    assert waits == [kind == 'RuntimeInfoHook'] * 6, inside
