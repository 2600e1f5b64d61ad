from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .base import MultiLabelLoss
from .distributed import total
from .functional import check_range, prepare
from .terms import log_loss, mix, power


class EPR(MultiLabelLoss):
    r"""Expected positive regularisation: positives, and how many of them there should be.

    :math:`-\log p` for a positive; an unmarked entry costs nothing by itself. Every entry carries its
    share of :math:`(\hat k - k)^2 / C`, with :math:`\hat k` the mean over the batch, of all processes,
    of an image's sum of p. Unknown entries are no part of it.

    Args:
        expected_positives: k, the labels an image has in truth, on average; > 0. COCO 2.9.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: ``expected_positives`` is not above 0.

    Source: arXiv 2106.09708 (EPR), a mean over images and classes there; summed over classes here.
    """

    BY_ENTRY = False

    def __init__(self, expected_positives: float, **common: Any) -> None:
        super().__init__(**common)
        check_range('expected_positives', expected_positives, low=1e-6)
        self.expected_positives = expected_positives

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        weight = self.factor('pos_weight', logits)
        positive = mix(log_loss(logits), torch.zeros_like(logits), target, weight)
        known = (target >= 0).to(logits)
        return positive + excess(power(logits, 1) * known, self.expected_positives) * known


def excess(probabilities: Tensor, expected: float) -> Tensor:
    """The squared excess of positives over what is expected, the share of one entry, a scalar.

    Args:
        probabilities: (N, C), of this process's part of the batch.
        expected: Positives of an image.
    """
    images = probabilities.new_tensor(len(probabilities))
    found, images = total(torch.stack([probabilities.sum(), images]))
    return (found / images.clamp(min=1) - expected) ** 2 / max(probabilities.size(1), 1) ** 2
