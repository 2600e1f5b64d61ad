"""Two-way multi-label loss."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .base import MultiLabelLoss
from .checks import check_range, readable
from .distributed import largest, total
from .terms import log_loss

TEMPERATURE_POS, TEMPERATURE_NEG = 4.0, 1.0
_LOG_ZERO = -1e30  # stands for the logarithm of 0; finite, so that no NaN arises from it


def two_way_loss(
    logits: Tensor,
    target: Tensor,
    temperature_pos: float = TEMPERATURE_POS,
    temperature_neg: float = TEMPERATURE_NEG,
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Compute the two-way loss, as the share of each entry.

    Over the classes of an image, and over the batch's images (of all processes) of a class,

    .. math:: \mathrm{softplus}(T_+ \log \sum_{pos} e^{-x / T_+} + T_- \log \sum_{neg} e^{x / T_-})

    Args:
        logits: This process's part of the batch, (N, C), in float32 or wider.
        target: 1, 0 or -1, (N, C).
        temperature_pos: :math:`T_+`, > 0.
        temperature_neg: :math:`T_-`, > 0.
        pos_weight: Number of times that a positive counts in its sum, (C,) or ().

    Returns:
        Shape (N, C). The sum over all processes, divided by the number of images, is the mean over
        the images with a positive plus the mean over the classes with one.

    Source: two-way multi-label loss (CVPR 2023).
    """
    count = torch.ones_like(logits) if pos_weight is None else pos_weight.expand_as(logits)
    positive = -logits / temperature_pos, count * (target == 1)
    negative = logits / temperature_neg, (target == 0).to(logits)
    by_image, by_class = (
        log_loss(  # softplus, mirrored
            -temperature_pos * log_sum_exp(*positive) - temperature_neg * log_sum_exp(*negative)
        )
        for log_sum_exp in (_over_classes, _over_images)
    )
    present = target == 1
    own_images = torch.stack(
        [present.new_full((), len(present), dtype=torch.int64), present.any(1).sum()]
    )
    counts = total(torch.cat([own_images, present.sum(0)]).to(logits))  # in one exchange
    images, positive_images = counts[:2]
    positive_classes = counts[2:].count_nonzero()
    by_image = by_image * images / positive_images.clamp(min=1) / max(logits.size(1), 1)
    by_class = by_class / positive_classes.clamp(min=1)
    shares: Tensor = by_image[:, None] + by_class
    return shares * (target >= 0)


def _over_classes(x: Tensor, count: Tensor) -> Tensor:
    peak = _masked(x.detach(), count).amax(1)
    return _log(_exp(x - peak[:, None], count).sum(1), peak)


def _over_images(x: Tensor, count: Tensor) -> Tensor:
    peak = _masked(x.detach(), count)
    peak = largest(peak.amax(0) if len(x) else peak.new_full(x.shape[1:], _LOG_ZERO))
    return _log(total(_exp(x - peak, count).sum(0)), peak)


def _masked(x: Tensor, count: Tensor) -> Tensor:
    return x.masked_fill(count == 0, _LOG_ZERO)


def _exp(below: Tensor, count: Tensor) -> Tensor:
    return count * below.masked_fill(count == 0, 0).exp()


def _log(summed: Tensor, peak: Tensor) -> Tensor:
    nonzero = summed != 0  # true for NaN, which must not be hidden
    return torch.where(nonzero, summed.masked_fill(~nonzero, 1).log() + peak, _LOG_ZERO)


class TwoWay(MultiLabelLoss):
    r"""Two-way loss: positives above negatives, within each image and within each class.

    Over the classes of an image, and over the batch's images (of all processes) of a class,

    .. math:: \mathrm{softplus}(T_+ \log \sum_{pos} e^{-x / T_+} + T_- \log \sum_{neg} e^{x / T_-})

    The loss is the mean of the first over the images that have a positive plus the mean of the second
    over the classes that have one, as in the released code. An image or class without negatives costs
    nothing there. Each entry carries its share. It repairs no missing labels, so it has no
    ``unknown='unobserved'``.

    Args:
        temperature_pos: :math:`T_+`, > 0.
        temperature_neg: :math:`T_-`, > 0.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`. ``pos_weight`` is the number of
            times that a positive counts in its sum. Other targets than 1, 0 and -1 are refused; where
            they cannot be looked at (a GPU would make the step wait; a compiled graph) the loss and
            its gradient become NaN.

    Raises:
        ValueError: If a temperature is not above 0, or a target is not 1, 0 or -1.

    Source: two-way multi-label loss (CVPR 2023).
    """

    BY_ENTRY = False

    def __init__(
        self,
        temperature_pos: float = TEMPERATURE_POS,
        temperature_neg: float = TEMPERATURE_NEG,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        check_range('temperature_pos', temperature_pos, low=1e-6)
        check_range('temperature_neg', temperature_neg, low=1e-6)
        self.temperature_pos = temperature_pos
        self.temperature_neg = temperature_neg

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        whole = (target == 0) | (target.abs() == 1)
        checked = readable(target)
        if checked and not whole.all():
            raise ValueError(
                'expected targets of 1, 0 or -1: TwoWay cannot interpolate between them'
            )
        weight = self.factor('pos_weight', pred)
        shares = two_way_loss(pred, target, self.temperature_pos, self.temperature_neg, weight)
        # A product: the gradient becomes NaN, too.
        return shares if checked else shares * torch.where(whole, 1.0, float('nan'))
