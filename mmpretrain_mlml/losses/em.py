"""Entropy maximisation (EM)."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from .arguments import REPAIRED
from .bce import BCE
from .checks import check_range
from .terms import log_loss

ALPHA = 0.1


def entropy(logits: Tensor) -> Tensor:
    r"""Return :math:`H(p) = -p \log p - (1 - p) \log(1 - p)`, in nats.

    Source: arXiv 2203.16219, entropy-maximization loss.
    """
    return logits.sigmoid() * log_loss(logits) + (-logits).sigmoid() * log_loss(-logits)


class EM(BCE):
    r"""Entropy maximisation: no claim is made about unobserved entries.

    :math:`-\log p` for a positive; for an unobserved entry :math:`-\alpha H(p)`, whose gradient pushes
    towards p = 1/2 and is small on both sides. Its F1 needs a threshold of 0.75 rather than 0.5.
    Under ``unknown='unobserved'`` these are the entries of -1; a verified absence, 0, costs
    :math:`-\log(1 - p)`.

    Args:
        alpha: Weight of the entropy, >= 0. 0.1 on COCO and NUS-WIDE, 0.2 on VOC.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If ``alpha`` is negative.

    Source: arXiv 2203.16219, entropy-maximization loss.
    """

    UNKNOWN = REPAIRED

    def __init__(self, alpha: float = ALPHA, **common: Any) -> None:
        super().__init__(**common)
        check_range('alpha', alpha, low=0)
        self.alpha = alpha

    def negative(self, logits: Tensor) -> Tensor:
        return -self.alpha * entropy(logits)
