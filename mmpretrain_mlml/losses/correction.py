"""Base of the losses that change labels and leave the cost to another loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ..deprecation import Renamed
from .arguments import REPAIRED
from .base import MultiLabelLoss
from .checks import prepare
from .protocols import set_epoch
from .three_valued import stated


class LabelCorrection(MultiLabelLoss):
    """Base of the losses that change some labels and leave the cost to another loss.

    A subclass defines :meth:`relabel`.

    Args:
        base: A loss module with MMPretrain's interface, or its config. It is called with the logits
            and the labels that :meth:`relabel` returns, and must return the loss of each entry
            under ``reduction_override='none'``. Under ``unknown='unobserved'`` an absence that was
            verified has target 0 there and is never relabelled; a base that repairs missing labels
            itself needs ``unknown='unobserved'``, too, to tell it from an unobserved entry.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`, except ``pos_weight``, which
            belongs to the base.

    Raises:
        ValueError: If ``pos_weight`` is given together with a base, or only one of the loss and a base
            that repairs has ``unknown='unobserved'``.
        RuntimeError: If ``base`` does not return a loss for each entry.
    """

    FORMULA = ('relabel',)
    UNKNOWN = REPAIRED

    on_base = Renamed('base_loss')

    def __init__(self, base: nn.Module | dict[str, Any] | None, **common: Any) -> None:
        super().__init__(**common)
        self.base = None if base is None else build_loss(base)
        if self.base is not None and self.pos_weight is not None:
            raise ValueError(
                f'pos_weight belongs to the loss of the positives: give it to the base of '
                f'{type(self).__name__}'
            )
        self._check_unknown_of_base()

    def relabel(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        """Return the labels to train on, (N, C), in any dtype; -1 costs nothing.

        Args:
            pred: Logits, (N, C), in float32 or wider.
            target: Shape (N, C), in the dtype of the logits.
            **context: Further arguments of the call.
        """
        raise NotImplementedError(f'{type(self).__name__} must define relabel(pred, target)')

    def recovered(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        """Return the unobserved entries whose label :meth:`relabel` changes, to present or unknown.

        Calls it a second time; a subclass where that has side effects overrides this.
        """
        unobserved = self.unobserved(target)
        pred, target = prepare(pred, target)
        seen = self.treat_unknown(target).masked_fill(unobserved, 0)
        return unobserved & (self.relabel(pred, seen, **context) != 0)

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Set the 0-based epoch of the next calls in the base, if the base needs it."""
        if self.base is not None:
            set_epoch(self.base, epoch, max_epochs)

    def elementwise(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        return self.base_loss(pred, self.relabel(pred, target, **context))

    def three_valued(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        if self.base is None:
            return super().three_valued(pred, target, **context)
        labels = self.relabel(pred, self.treat_unknown(target), **context)
        labels = torch.where(stated(target), target, labels)
        return self.base_loss(pred, labels, self.unobserved(target))

    def base_loss(self, pred: Tensor, target: Tensor, unobserved: Tensor | None = None) -> Tensor:
        """Return the base's loss of each entry, (N, C), and 0 where the target is -1.

        Args:
            pred: Logits, (N, C).
            target: Labels to train on, (N, C).
            unobserved: Which entries nobody labelled, (N, C), bool; for a base with
                ``unknown='unobserved'``.

        Raises:
            RuntimeError: If the base does not return a loss for each entry.
        """
        assert self.base is not None
        target = target.to(pred.dtype)
        ours = isinstance(self.base, MultiLabelLoss)  # others do not know of unknown entries
        labels = target if ours else target.clamp(min=0)
        if unobserved is not None and _tells_unobserved(self.base):
            labels = torch.where(unobserved & (labels == 0), -1, labels)
        loss: Tensor = self.base(pred, labels, reduction_override='none')
        if loss.shape != pred.shape:
            raise RuntimeError(
                f'{type(self).__name__} needs a base that returns a loss for each entry, '
                f"{tuple(pred.shape)}, under reduction_override='none'; {type(self.base).__name__} "
                f'returned {tuple(loss.shape)}'
            )
        return loss * (target >= 0)

    def _check_unknown_of_base(self) -> None:
        base, ours = self.base, self.unknown == 'unobserved'
        repairs = isinstance(base, MultiLabelLoss) and 'unobserved' in base.UNKNOWN
        if repairs and ours != _tells_unobserved(base):
            raise ValueError(
                f'{type(self).__name__} has unknown={self.unknown!r}, its base {type(base).__name__} '
                f"{base.unknown!r}: give 'unobserved' to both or to neither"  # type: ignore[union-attr]
            )


def _tells_unobserved(base: nn.Module | None) -> bool:
    return isinstance(base, MultiLabelLoss) and base.unknown == 'unobserved'


def build_loss(loss: nn.Module | dict[str, Any]) -> nn.Module:
    """Return a loss module unchanged, or build it from its config, which needs MMPretrain.

    Raises:
        ImportError: If a config is given and MMPretrain is not installed.
    """
    if isinstance(loss, nn.Module):
        return loss
    from mmpretrain.registry import MODELS

    built: nn.Module = MODELS.build(loss)
    return built
