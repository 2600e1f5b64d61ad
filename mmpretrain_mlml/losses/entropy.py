from __future__ import annotations

from typing import Any

from torch import Tensor

from .bce import BCE
from .functional import check_range
from .terms import entropy


class EM(BCE):
    r"""Entropy maximisation: nothing is claimed of what is not marked.

    :math:`-\log p` for a positive; for an unmarked entry :math:`-\alpha H(p)`, whose gradient pushes
    towards p = 1/2 and is small on both sides. A threshold of 0.75 rather than 0.5 gives its F1.

    Args:
        alpha: Weight of the entropy, >= 0. 0.1 on COCO and NUS-WIDE, 0.2 on VOC.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: ``alpha`` is negative.

    Source: arXiv 2203.16219, entropy-maximization loss.
    """

    def __init__(self, alpha: float = 0.1, **common: Any) -> None:
        super().__init__(**common)
        check_range('alpha', alpha, low=0)
        self.alpha = alpha

    def negative(self, logits: Tensor) -> Tensor:
        return -self.alpha * entropy(logits)
