"""What beyond_photos.py tries beside the package: flips that another look at the images decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from beyond_losses import CountedSPLC, KeptBCE
from mmengine.hooks import Hook
from mmengine.model import ExponentialMovingAverage
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS, MODELS
from torch import Tensor, nn

from mmpretrain_mlml import SPLC
from mmpretrain_mlml.losses.functional import confident

MODELS.register_module(module=KeptBCE)
MODELS.register_module(module=CountedSPLC)


@MODELS.register_module()
class TeacherFlips(SPLC):
    """SPLC that flips where an exponential moving average of the network is confident.

    Args:
        momentum: Weight of the newest network in the average, per update.
        **kwargs: As for SPLC.
    """

    def __init__(self, momentum: float = 0.03, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self._opinion: Tensor | None = None

    def hear(self, logits: Tensor) -> None:
        """Takes what the other look says of the batch that is to come, (N, C)."""
        self._opinion = logits

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        return confident(self._opinion, self.tau)


@MODELS.register_module()
class ViewsFlips(TeacherFlips):
    """SPLC that flips where the network is confident of an image and of its mirror image."""

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        return super().flips(pred, target) & confident(pred.detach(), self.tau)


@HOOKS.register_module()
class SecondOpinionHook(Hook):
    """Looks at each batch once more, for the losses above: with a teacher, or mirrored.

    The other look is without gradients and in evaluation mode. It is not saved, so a run with a
    teacher cannot be resumed.

    Raises:
        ValueError: Such a run is resumed.
    """

    priority = 'VERY_LOW'

    def before_train(self, runner: Runner) -> None:
        found = [m for m in runner.model.modules() if isinstance(m, TeacherFlips)]
        self._loss = found[0] if found else None
        self._teacher: nn.Module | None = None
        if self._loss is not None and not isinstance(self._loss, ViewsFlips):
            if runner.iter:
                raise ValueError('a run with a teacher cannot be resumed: start it in a new folder')
            self._teacher = ExponentialMovingAverage(
                runner.model, self._loss.momentum, update_buffers=True
            )

    @torch.no_grad()
    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any] | None = None
    ) -> None:
        if self._loss is None:
            return
        images = runner.model.data_preprocessor(data_batch, training=True)['inputs']
        with runner.optim_wrapper.optim_context(runner.model):
            if self._teacher is not None:
                self._teacher.eval()
                logits = self._teacher.module(images, mode='tensor')
            else:
                runner.model.eval()
                logits = runner.model(images.flip(-1), mode='tensor')
                runner.model.train()
        self._loss.hear(logits)

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if self._teacher is not None:
            self._teacher.update_parameters(runner.model)
