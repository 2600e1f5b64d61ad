from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .base import MultiLabelLoss, build_loss
from .protocols import set_epoch


class LabelCorrection(MultiLabelLoss):
    """Base of the losses that put other labels in the place of some, and ask another for the cost.

    A subclass defines :meth:`relabel`.

    Args:
        base: A loss module with MMPretrain's interface, or its config. It sees the logits and the
            labels that :meth:`relabel` gave, and must give the loss of each entry under
            ``reduction_override='none'``.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`, less ``pos_weight``, which
            belongs to the base.

    Raises:
        ValueError: ``pos_weight`` was given.
        RuntimeError: ``base`` does not give a loss for each entry.
    """

    def __init__(self, base: nn.Module | dict | None, **common: Any) -> None:
        super().__init__(**common)
        self.base = None if base is None else build_loss(base)
        if self.base is not None and self.pos_weight is not None:
            raise ValueError(
                f'pos_weight belongs to the loss of the positives: give it to the base of '
                f'{type(self).__name__}'
            )

    def relabel(self, pred: Tensor, target: Tensor) -> Tensor:
        """The labels to train on, (N, C), in the dtype of the computation; -1 costs nothing."""
        raise NotImplementedError(f'{type(self).__name__} must define relabel(pred, target)')

    def recovered(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        """Unmarked entries whose label :meth:`relabel` changes, be it to present or to unknown.

        Asks it a second time; a subclass where that has effects overrides this.
        """
        unmarked = self.unobserved(target)
        return unmarked & (self.relabel(pred, target.masked_fill(unmarked, 0)) != 0)

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Tells the base which epoch the next calls belong to, 0-based."""
        if self.base is not None:
            set_epoch(self.base, epoch, max_epochs)

    def elementwise(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        return self.on_base(pred, self.relabel(pred, target))

    def on_base(self, pred: Tensor, target: Tensor) -> Tensor:
        """What the base says of each entry, nothing where the target is -1.

        Raises:
            RuntimeError: It does not give a loss for each entry.
        """
        pred = pred.to(torch.promote_types(pred.dtype, torch.float32))
        target = target.to(pred.dtype)
        ours = isinstance(self.base, MultiLabelLoss)  # others do not know of unknown entries
        labels = target if ours else target.clamp(min=0)
        loss = self.base(pred, labels, reduction_override='none')
        if loss.shape != pred.shape:
            raise RuntimeError(
                f'{type(self).__name__} needs a base that gives a loss for each entry, '
                f"{tuple(pred.shape)}, under reduction_override='none'; {type(self.base).__name__} "
                f'gave {tuple(loss.shape)}'
            )
        return loss * (target >= 0)
