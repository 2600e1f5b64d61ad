"""Large losses among the unmarked entries: the first epochs fit what is right, the rest is suspect."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .bce import BCE
from .checks import check_epoch, require_state
from .correction import LabelCorrection
from .distributed import kth_largest, total
from .functional import check_range, prepare
from .sample_memory import SampleMemory


class LargeLoss(LabelCorrection):
    r"""Base of the three: relabels the unmarked entries whose loss is among the batch's k largest.

    :math:`k = \lceil N C r \rceil` over the batch of all processes, with r growing by ``delta`` per
    cent each epoch, from 0 in the first. Entries that tie with the k-th go with it.

    Args:
        delta: Per cent of all entries by which r grows each epoch, >= 0.
        base: The loss, :class:`~mmpretrain_mlml.BCE` by default, see
            :class:`~mmpretrain_mlml.losses.correction.LabelCorrection`.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: ``delta`` is negative.
        RuntimeError: Called without having been told the epoch.

    Source: arXiv 2206.03740, large loss matters.
    """

    BY_ENTRY = False

    NEW_LABEL: int  # of an entry with a large loss

    def __init__(self, delta: float, base: nn.Module | dict | None = None, **common: Any) -> None:
        if base is None:
            base = BCE(pos_weight=common.pop('pos_weight', None))
        super().__init__(base, **common)
        check_range('delta', delta, low=0)
        self.delta = delta
        self.epoch: int | None = None

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Says which epoch the next calls belong to, 0-based."""
        super().set_epoch(epoch, max_epochs)
        self.epoch = check_epoch('epoch', epoch)

    def relabel(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred.detach(), target)
        return torch.where(self.suspects(logits, target), self.NEW_LABEL, target)

    def suspects(self, logits: Tensor, target: Tensor) -> Tensor:
        """Where an unmarked entry's loss is among the k largest, (N, C), bool."""
        unmarked = target == 0
        entries = total(logits.new_tensor(logits.numel(), dtype=torch.float64))
        k = math.ceil(round(entries.item() * self.share(), 6))  # 7, not 7.000000000000001
        if k == 0:
            return torch.zeros_like(unmarked)
        cost = self.on_base(logits, torch.zeros_like(target)).masked_fill(~unmarked, -1)
        return unmarked & (cost >= kth_largest(cost.flatten(), k))

    def share(self) -> float:
        """r, the share of entries that count as large this epoch."""
        return min(require_state(type(self).__name__, 'epoch', self.epoch) * self.delta / 100, 1.0)


class LLR(LargeLoss):
    """Large loss rejection: unmarked entries with a large loss cost nothing.

    Args:
        delta: Per cent of all entries by which their share grows each epoch, >= 0.
        base: The loss, :class:`~mmpretrain_mlml.BCE` by default.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Source: arXiv 2206.03740 (LL-R).
    """

    NEW_LABEL = -1

    def __init__(
        self, delta: float = 0.5, base: nn.Module | dict | None = None, **common: Any
    ) -> None:
        super().__init__(delta, base, **common)


class LLCt(LargeLoss):
    """Temporary large loss correction: unmarked entries with a large loss are positives, for a step.

    Args:
        delta: Per cent of all entries by which their share grows each epoch, >= 0.
        base: The loss, :class:`~mmpretrain_mlml.BCE` by default.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Source: arXiv 2206.03740 (LL-Ct).
    """

    NEW_LABEL = 1

    def __init__(
        self, delta: float = 0.2, base: nn.Module | dict | None = None, **common: Any
    ) -> None:
        super().__init__(delta, base, **common)


class LLCp(LargeLoss):
    """Permanent large loss correction: unmarked entries with a large loss are positives from then on.

    In every epoch but the first the ``delta`` per cent of a batch's entries that have the largest loss
    are turned, those turned before not counted again. Which they are is kept in a table of all
    training samples, the same in all processes, that :class:`~mmpretrain_mlml.LossDataHook` feeds and
    saves.

    Args:
        delta: Per cent of all entries to turn each epoch, >= 0.
        base: The loss, :class:`~mmpretrain_mlml.BCE` by default.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        RuntimeError: Called without having been told the epoch or the samples of the batch.

    Source: arXiv 2206.03740 (LL-Cp).
    """

    NEW_LABEL = 1

    def __init__(
        self, delta: float = 0.1, base: nn.Module | dict | None = None, **common: Any
    ) -> None:
        super().__init__(delta, base, **common)
        self.memory = SampleMemory(self, turned=False)

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Says which of ``total`` training samples the next batch holds, (N,)."""
        self.memory.set_samples(indices, total)

    def share(self) -> float:
        return (
            min(self.delta / 100, 1.0)
            if require_state(type(self).__name__, 'epoch', self.epoch)
            else 0.0
        )

    def relabel(self, pred: Tensor, target: Tensor) -> Tensor:
        unmarked = target == 0
        before = self.memory.read('turned', target)
        labels = super().relabel(pred, torch.where(unmarked & before, 1, target))
        if self.training:
            self.memory.write(turned=unmarked & (labels == 1))
        return labels

    def recovered(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        """Unmarked entries that were turned, in this call or in one before it, (N, C), bool."""
        return self.unobserved(target) & self.memory.read('turned', target)
