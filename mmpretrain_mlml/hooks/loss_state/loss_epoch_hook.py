from __future__ import annotations

import math

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ...losses.protocols import set_epoch
from ...monitoring.collapse_watch import CollapseWatch
from ...runtime.epochs import iters_per_pass
from ...runtime.models import all_modules


@HOOKS.register_module()
class LossEpochHook(Hook):
    """Sets the epoch of every loss that needs it.

    A module needs it if it has a method ``set_epoch(epoch, max_epochs)`` or ``set_epoch(epoch)``
    (:class:`~mmpretrain_mlml.losses.protocols.NeedsEpoch`), such as :class:`~mmpretrain_mlml.SPLC`. It
    is found anywhere in the model and in the averages of its weights. Epochs are 0-based and counted
    from the start of training, also in a resumed run. Under an iteration based loop an epoch is one
    pass over the data.

    The hook belongs in ``default_hooks``, which a child config extends, not in ``custom_hooks``, which
    it replaces::

        default_hooks = dict(loss_epoch=dict(type='mmpretrain_mlml.LossEpochHook'))

    In the first epochs of a loss that saturates (Hill, SPLC) it also warns, once, if the model may be
    collapsing; see :class:`~mmpretrain_mlml.monitoring.collapse_watch.CollapseWatch`.
    """

    priority = 'VERY_LOW'  # after SwitchRecipeHook, which puts new losses into the model

    def __init__(self) -> None:
        self._per_pass: int | None = None  # iterations; None under an epoch based loop
        self._watch = CollapseWatch()

    def before_train_epoch(self, runner: Runner) -> None:
        self._per_pass = iters_per_pass(runner)
        if self._per_pass is None:
            self._begin_epoch(runner, runner.epoch, runner.max_epochs)
        else:
            self._begin_pass(runner, self._per_pass)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | tuple | list | None = None
    ) -> None:
        per_pass = self._per_pass
        if per_pass and runner.iter % per_pass == 0:
            self._begin_pass(runner, per_pass)
        self._watch.before_batch(runner.iter % per_pass if per_pass else batch_idx)

    def after_train_epoch(self, runner: Runner) -> None:
        self._end_epoch(runner)

    def _begin_pass(self, runner: Runner, per_pass: int) -> None:
        max_epochs = math.ceil(runner.max_iters / per_pass)
        self._begin_epoch(runner, runner.iter // per_pass, max_epochs)

    def _begin_epoch(self, runner: Runner, epoch: int, max_epochs: int) -> None:
        self._end_epoch(runner)
        modules = list(all_modules(runner))
        for module in modules:
            set_epoch(module, epoch, max_epochs)
        self._watch.begin(modules, epoch, self._per_pass or len(runner.train_dataloader))

    def _end_epoch(self, runner: Runner) -> None:
        warning = self._watch.end()
        if warning:
            runner.logger.warning(warning)
