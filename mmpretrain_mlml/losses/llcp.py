"""Permanent large loss correction (LL-Cp): see `large_loss` for the formula."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .checks import require_state
from .large_loss import LargeLoss
from .sample_memory import SampleMemory

DELTA = 0.1


class LLCp(LargeLoss):
    """Permanent large loss correction: unobserved entries with a large loss stay positives.

    In every epoch but the first the ``delta`` per cent of a batch's entries that have the largest loss
    are turned, not counting those turned before; as in the released code the last of them is not, so
    that k - 1 are. They are kept in a memory of all training samples,
    equal in all processes, which :class:`~mmpretrain_mlml.LossDataHook` feeds and saves. Under
    ``unknown='unobserved'`` entries of -1 alone can be turned, not verified absences.

    Args:
        delta: Per cent of all entries to turn each epoch, >= 0.
        base: The loss, :class:`~mmpretrain_mlml.BCE` by default.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        RuntimeError: If it is called before the epoch or the samples of the batch were set.

    Source: arXiv 2206.03740 (LL-Cp).
    """

    NEW_LABEL = 1
    STRICT = True

    def __init__(
        self, delta: float = DELTA, base: nn.Module | dict[str, Any] | None = None, **common: Any
    ) -> None:
        super().__init__(delta, base, **common)
        self.memory = SampleMemory(self, turned=False)

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Set the sample indices of the next batch, (N,), each in [0, total)."""
        self.memory.set_samples(indices, total)

    def share(self) -> float:
        """Return the share of entries to turn: ``delta`` per cent, and 0 in the first epoch."""
        epoch = require_state(type(self).__name__, 'epoch', self.epoch)
        return min(self.delta / 100, 1.0) if epoch else 0.0

    def relabel(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        unobserved = target == 0
        before = self.memory.read('turned', target)
        labels = super().relabel(pred, torch.where(unobserved & before, 1, target))
        if self.training:
            self.memory.write(turned=unobserved & (labels == 1))
        return labels

    def recovered(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        """Return the unobserved entries that were turned in this call or before it, (N, C), bool."""
        return self.unobserved(target) & self.memory.read('turned', target)
