"""Base of the large loss methods: early epochs fit what is right, so large losses are suspect."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from .bce import BCE
from .checks import check_epoch, check_range, require_state
from .correction import LabelCorrection
from .distributed import kth_largest, total_count


def largest_losses(cost: Tensor, candidates: Tensor, share: float, strict: bool = False) -> Tensor:
    r"""Return the candidates whose cost is among the k largest of the batch, (N, C), bool.

    :math:`k = \lceil N C r \rceil` over the batch of all processes, rounded exactly; the released code
    rounds up the product in floating point, which can give one more. Entries that tie with the k-th
    belong to them.

    Args:
        cost: Cost of each entry, >= 0, of this process's part of the batch, (N, C).
        candidates: Entries to choose from, (N, C), bool.
        share: r, in [0, 1].
        strict: Whether the k-th itself and entries that tie with it are left out.

    Source: arXiv 2206.03740, large loss matters.
    """
    k = math.ceil(round(total_count(cost.numel(), cost) * share, 6))  # 7, not 7.000000000000001
    if k == 0:
        return torch.zeros_like(candidates)
    cost = cost.masked_fill(~candidates, -1)
    kth = kth_largest(cost.flatten(), k)
    return candidates & (cost > kth if strict else cost >= kth)


class LargeLoss(LabelCorrection):
    r"""Base of LL-R, LL-Ct and LL-Cp: relabels the unobserved entries with the batch's largest losses.

    The share r of the batch's entries that count as large grows by ``delta`` per cent each epoch, from
    0 in the first; see :func:`largest_losses`. Under ``unknown='unobserved'`` entries of
    -1 alone can be relabelled; a verified absence, 0, costs what the base makes of a 0.

    Args:
        delta: Per cent of all entries by which r grows each epoch, >= 0.
        base: The loss, :class:`~mmpretrain_mlml.BCE` by default, see
            :class:`~mmpretrain_mlml.losses.correction.LabelCorrection`.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If ``delta`` is negative.
        RuntimeError: If it is called before the epoch was set.

    Source: arXiv 2206.03740, large loss matters.
    """

    BY_ENTRY = False

    NEW_LABEL: ClassVar[int]  # of an entry with a large loss
    STRICT: ClassVar[bool] = False  # see largest_losses

    def __init__(
        self, delta: float, base: nn.Module | dict[str, Any] | None = None, **common: Any
    ) -> None:
        if base is None:
            base = BCE(pos_weight=common.pop('pos_weight', None))
        super().__init__(base, **common)
        check_range('delta', delta, low=0)
        self.delta = delta
        self.epoch: int | None = None

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Set the 0-based epoch of the next calls, also in the base."""
        super().set_epoch(epoch, max_epochs)
        self.epoch = check_epoch('epoch', epoch)

    def relabel(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        return torch.where(self.suspects(pred.detach(), target), self.NEW_LABEL, target)

    def suspects(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the unobserved entries whose loss is among the k largest, (N, C), bool."""
        share = self.share()
        if share == 0:
            return torch.zeros_like(target, dtype=torch.bool)
        unobserved = target == 0
        cost = self.base_loss(logits, torch.zeros_like(target), unobserved)
        return largest_losses(cost, unobserved, share, self.STRICT)

    def share(self) -> float:
        """Return r, the share of entries that count as large in this epoch."""
        epoch = require_state(type(self).__name__, 'epoch', self.epoch)
        return min(epoch * self.delta / 100, 1.0)
