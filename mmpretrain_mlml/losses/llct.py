"""Temporary large loss correction (LL-Ct): see `large_loss` for the formula."""

from __future__ import annotations

from typing import Any

from torch import nn

from .large_loss import LargeLoss

DELTA = 0.2


class LLCt(LargeLoss):
    """Temporary large loss correction: large unobserved losses are positives for one step.

    Under ``unknown='unobserved'`` entries of -1 alone can be corrected, not verified absences.

    Args:
        delta: Per cent of all entries by which their share grows each epoch, >= 0.
        base: The loss, :class:`~mmpretrain_mlml.BCE` by default.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Source: arXiv 2206.03740 (LL-Ct).
    """

    NEW_LABEL = 1

    def __init__(
        self, delta: float = DELTA, base: nn.Module | dict[str, Any] | None = None, **common: Any
    ) -> None:
        super().__init__(delta, base, **common)
