"""What ceilings_photos.py trains: losses that are told which labels are missing, as no real one is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS, MODELS
from torch import Tensor

from mmpretrain_mlml import BCE, SPLC
from mmpretrain_mlml.datasets.full_labels import FullLabels
from mmpretrain_mlml.losses.correction import LabelCorrection


@MODELS.register_module()
class MissingIgnored(LabelCorrection):
    """Cross-entropy to which a missing label costs nothing: the most that letting go can give."""

    def __init__(self, **common: Any) -> None:
        super().__init__(BCE(), **common)
        self.truth: Tensor | None = None  # of the batch, (N, C), bool

    def relabel(self, pred: Tensor, target: Tensor) -> Tensor:
        return torch.where((target == 0) & self.truth, -1, target)


@MODELS.register_module()
class RightFlips(SPLC):
    """SPLC without its mistakes: of what it would flip, what is missing indeed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.truth: Tensor | None = None  # of the batch, (N, C), bool

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        return super().flips(pred, target) & self.truth


@HOOKS.register_module()
class OracleHook(Hook):
    """Tells the losses above what each batch truly shows.

    Args:
        full_labels: As for LabelRecoveryHook.
    """

    def __init__(self, full_labels: Mapping[str, Any]) -> None:
        self.full_labels = full_labels

    def before_train(self, runner: Runner) -> None:
        self._losses = [
            m for m in runner.model.modules() if isinstance(m, (MissingIgnored, RightFlips))
        ]
        self._labels = FullLabels(
            runner.train_dataloader.dataset, runner.cfg.train_dataloader.dataset, self.full_labels
        )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any] | None = None
    ) -> None:
        truth = self._labels.of(data_batch['data_samples'])
        for loss in self._losses:
            loss.truth = truth.to(next(runner.model.parameters()).device)
