from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .base import MultiLabelLoss
from .distributed import largest, total
from .functional import check_range, prepare
from .terms import log_loss

_NONE = -1e30  # a logarithm of nothing from which no NaN comes


class TwoWay(MultiLabelLoss):
    r"""Two-way loss: positives above negatives, within each image and within each class.

    Over the classes of an image, and over the batch's images (of all processes) of a class,

    .. math:: \mathrm{softplus}(T_+ \log \sum_{pos} e^{-x / T_+} + T_- \log \sum_{neg} e^{x / T_-})

    The loss is the mean over images of the first plus the mean over classes of the second; an image or
    class without positives, or without negatives, costs nothing there. An entry stands for its share.

    Args:
        temperature_pos: :math:`T_+`, > 0.
        temperature_neg: :math:`T_-`, > 0.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`. ``pos_weight`` says how often a
            positive counts in its sum. Targets strictly between 0 and 1 are refused.

    Raises:
        ValueError: A temperature is not above 0, or a target is neither 1, 0 nor -1.

    Source: two-way multi-label loss (CVPR 2023).
    """

    BY_ENTRY = False

    def __init__(
        self, temperature_pos: float = 4.0, temperature_neg: float = 1.0, **common: Any
    ) -> None:
        super().__init__(**common)
        check_range('temperature_pos', temperature_pos, low=1e-6)
        check_range('temperature_neg', temperature_neg, low=1e-6)
        self.temperature_pos = temperature_pos
        self.temperature_neg = temperature_neg

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        if not torch.isin(target, target.new_tensor([-1, 0, 1])).all():
            raise ValueError(
                'expected targets of 1, 0 or -1: TwoWay cannot interpolate between them'
            )
        weight = self.factor('pos_weight', logits)
        count = torch.ones_like(logits) if weight is None else weight.expand_as(logits)
        positive = -logits / self.temperature_pos, count * (target == 1)
        negative = logits / self.temperature_neg, (target == 0).to(logits)
        by_image, by_class = (
            log_loss(  # softplus, mirrored
                -self.temperature_pos * log_sum_exp(*positive)
                - self.temperature_neg * log_sum_exp(*negative)
            )
            for log_sum_exp in (_over_classes, _over_images)
        )
        return (by_image[:, None] + by_class) * (target >= 0) / max(logits.size(1), 1)


def _over_classes(x: Tensor, count: Tensor) -> Tensor:
    peak = _masked(x.detach(), count).amax(1)
    return _log(_exp(x - peak[:, None], count).sum(1), peak)


def _over_images(x: Tensor, count: Tensor) -> Tensor:
    peak = _masked(x.detach(), count)
    peak = largest(peak.amax(0) if len(x) else peak.new_full(x.shape[1:], _NONE))
    return _log(total(_exp(x - peak, count).sum(0)), peak)


def _masked(x: Tensor, count: Tensor) -> Tensor:
    return x.masked_fill(count == 0, _NONE)


def _exp(below: Tensor, count: Tensor) -> Tensor:
    return count * below.masked_fill(count == 0, 0).exp()


def _log(summed: Tensor, peak: Tensor) -> Tensor:
    some = summed != 0  # also where it is no number, which is to be seen
    return torch.where(some, summed.masked_fill(~some, 1).log() + peak, _NONE)
