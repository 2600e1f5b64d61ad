"""Expected positive regularisation (EPR)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .arguments import REPAIRED
from .base import MultiLabelLoss
from .checks import check_range
from .distributed import total
from .terms import log_loss, mix, power


def epr_loss(
    logits: Tensor, target: Tensor, expected: float, pos_weight: Tensor | None = None
) -> Tensor:
    r"""Compute expected positive regularisation.

    :math:`-\log p` for a positive; every known entry carries its share :math:`(\hat k - k)^2 / C^2`,
    with :math:`\hat k` the mean over the batch, of all processes, of an image's sum of p over the
    known entries.

    Args:
        logits: This process's part of the batch, (N, C), in float32 or wider.
        target: Shape (N, C), in the dtype of the logits.
        expected: k, the expected number of positives of an image.
        pos_weight: Factor on the positive term, (C,) or ().

    Returns:
        Shape (N, C).

    Source: arXiv 2106.09708 (EPR), a mean over images and classes there; summed over classes here.
    """
    positive = mix(log_loss(logits), torch.zeros_like(logits), target, pos_weight)
    known = (target >= 0).to(logits)
    probabilities = power(logits, 1) * known
    images = probabilities.new_full((), len(probabilities))
    predicted, images = total(torch.stack([probabilities.sum(), images]))
    excess: Tensor = (predicted / images.clamp(min=1) - expected) ** 2 / max(logits.size(1), 1) ** 2
    return positive + excess * known


class EPR(MultiLabelLoss):
    r"""Expected positive regularisation: the positives, and how many of them there should be.

    :math:`-\log p` for a positive; an unobserved entry costs nothing by itself. Every entry carries
    its share of :math:`(\hat k - k)^2 / C`, with :math:`\hat k` the mean over the batch, of all
    processes, of an image's sum of p. Unknown entries are not part of it.
    Under ``unknown='unobserved'`` entries of -1 are, and a verified absence, 0, is not: it costs
    :math:`-\log(1 - p)`.

    Args:
        expected_positives: k, the mean number of true labels of an image, > 0. COCO 2.9.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If ``expected_positives`` is not above 0.

    Source: arXiv 2106.09708 (EPR), a mean over images and classes there; summed over classes here.
    """

    BY_ENTRY = False
    UNKNOWN = REPAIRED

    def __init__(self, expected_positives: float, **common: Any) -> None:
        super().__init__(**common)
        check_range('expected_positives', expected_positives, low=1e-6)
        self.expected_positives = expected_positives

    def positive(self, logits: Tensor) -> Tensor:
        """Return the cost of each entry if it is present, without its share of the rest, (N, C)."""
        return log_loss(logits)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        weight = self.factor('pos_weight', pred)
        return epr_loss(pred, target, self.expected_positives, weight)
