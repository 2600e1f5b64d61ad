"""Weak assume negative (WAN)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .arguments import REPAIRED
from .bce import BCE
from .checks import check_range


def wan_negative_weight(classes: int) -> float:
    """Return 1 / (C - 1), at which all negatives of an image together weigh as much as one positive.

    Source: arXiv 2106.09708 (WAN).
    """
    return 1 / max(classes - 1, 1)


class WAN(BCE):
    r"""Weak assume negative: a negative weighs 1 / (C - 1), so that all of them weigh one positive.

    Under ``unknown='unobserved'`` that weight is for entries of -1 alone; a verified absence, 0, costs
    :math:`-\log(1 - p)`.

    Args:
        neg_weight: Factor on negatives, >= 0, in place of 1 / (C - 1).
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If ``neg_weight`` is negative.

    Source: arXiv 2106.09708 (WAN).
    """

    UNKNOWN = REPAIRED

    def __init__(self, neg_weight: float | None = None, **common: Any) -> None:
        super().__init__(**common)
        if neg_weight is not None:
            check_range('neg_weight', neg_weight, low=0)
        self.neg_weight = neg_weight

    def negative(self, logits: Tensor) -> Tensor:
        weight = self.neg_weight
        if weight is None:
            weight = wan_negative_weight(logits.size(1))
        return weight * super().negative(logits)
