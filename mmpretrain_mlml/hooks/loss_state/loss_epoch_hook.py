from __future__ import annotations

import math
from collections.abc import Iterator

from mmengine.dataset import InfiniteSampler
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS
from torch import nn

from ...losses.protocols import set_epoch
from ...monitoring.collapse_watch import CollapseWatch


@HOOKS.register_module()
class LossEpochHook(Hook):
    """Tells every loss that wants it which epoch it is.

    A module wants it if it has a method ``set_epoch(epoch, max_epochs)`` or ``set_epoch(epoch)``, as
    :class:`~mmpretrain_mlml.SPLC` has; it is found wherever it sits in the model or in another hook's
    averaged copy of it. Epochs are 0-based and counted from the start of training, so a resumed run
    goes on where it stopped. Under an iteration based loop an epoch is one pass over the data.

    It belongs into ``default_hooks``, which child configs merge into, not into ``custom_hooks``,
    which they replace::

        default_hooks = dict(loss_epoch=dict(type='mmpretrain_mlml.LossEpochHook'))

    In the first epochs of a loss that lets go of confident entries (Hill, SPLC) it also looks whether
    the model collapses, and warns once; see
    :class:`~mmpretrain_mlml.monitoring.collapse_watch.CollapseWatch`.
    """

    priority = 'VERY_LOW'  # after SwitchRecipeHook, which puts new losses into the model

    def __init__(self) -> None:
        self._iters_per_epoch: int | None = None
        self._watch = CollapseWatch()

    def before_train_epoch(self, runner: Runner) -> None:
        loop = runner.train_loop
        if isinstance(loop, IterBasedTrainLoop):
            self._iters_per_epoch = iters_per_epoch(runner)
            max_epochs = math.ceil(runner.max_iters / self._iters_per_epoch)
            self._feed(runner, runner.iter // self._iters_per_epoch, max_epochs)
        else:
            self._iters_per_epoch = None
            self._feed(runner, runner.epoch, runner.max_epochs)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | tuple | list | None = None
    ) -> None:
        per_epoch = self._iters_per_epoch
        if per_epoch and runner.iter % per_epoch == 0:
            self._feed(runner, runner.iter // per_epoch, math.ceil(runner.max_iters / per_epoch))
        self._watch.before_batch(runner.iter % per_epoch if per_epoch else batch_idx)

    def after_train_epoch(self, runner: Runner) -> None:
        self._judge(runner)

    def _feed(self, runner: Runner, epoch: int, max_epochs: int) -> None:
        self._judge(runner)
        found = list(modules(runner))
        for module in found:
            set_epoch(module, epoch, max_epochs)
        self._watch.begin(found, epoch, self._iters_per_epoch or len(runner.train_dataloader))

    def _judge(self, runner: Runner) -> None:
        warning = self._watch.end()
        if warning:
            runner.logger.warning(warning)


def iters_per_epoch(runner: Runner) -> int:
    """Iterations of one process in one pass of all processes over the training data.

    Raises:
        ValueError: The loader gives no batch, or cannot say how many.
    """
    loader = runner.train_dataloader
    try:
        batches = len(loader)
    except TypeError:
        batches = 0
    if batches == 0:
        raise ValueError(
            f'an epoch in an iteration based loop is a pass over the data, but {loader.dataset} gives '
            'no batch, or does not say how many; expected a data set with a length'
        )
    sampler = getattr(loader.batch_sampler, 'sampler', loader.sampler)
    shared = isinstance(sampler, InfiniteSampler)  # its length is the whole, not a process's share
    return math.ceil(batches / get_world_size()) if shared else batches


def modules(runner: Runner) -> Iterator[nn.Module]:
    """Every module of the model, and of the averaged copies that other hooks keep."""
    yield from runner.model.modules()
    for hook in runner.hooks:
        averaged = getattr(hook, 'ema_model', None)
        if isinstance(averaged, nn.Module):
            yield from averaged.modules()
