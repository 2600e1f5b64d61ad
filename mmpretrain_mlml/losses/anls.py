"""Assume negative with label smoothing (AN-LS)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .arguments import REPAIRED
from .bce import BCE
from .checks import check_range
from .terms import log_loss

EPSILON = 0.1


def smoothed_log_loss(logits: Tensor, epsilon: float) -> Tensor:
    r"""Return :math:`-(1 - \epsilon) \log p - \epsilon \log(1 - p)`.

    Source: arXiv 2106.09708 (AN-LS).
    """
    return (1 - epsilon) * log_loss(logits) + epsilon * log_loss(-logits)


class ANLS(BCE):
    r"""Assume negative with label smoothing (AN-LS).

    :math:`-(1 - \epsilon) \log p - \epsilon \log(1 - p)` for a positive, mirrored for a negative.
    Under ``unknown='unobserved'`` negatives of -1 alone are smoothed; a verified absence, 0, costs
    :math:`-\log(1 - p)`.

    Args:
        epsilon: Share of the other label, in [0, 1].
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If ``epsilon`` is outside [0, 1].

    Source: arXiv 2106.09708 (AN-LS).
    """

    UNKNOWN = REPAIRED

    def __init__(self, epsilon: float = EPSILON, **common: Any) -> None:
        super().__init__(**common)
        check_range('epsilon', epsilon, low=0, high=1)
        self.epsilon = epsilon

    def positive(self, logits: Tensor) -> Tensor:
        return smoothed_log_loss(logits, self.epsilon)

    def negative(self, logits: Tensor) -> Tensor:
        return self.positive(-logits)
