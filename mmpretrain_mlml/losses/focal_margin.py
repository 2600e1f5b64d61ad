"""Focal loss with a margin on positives: the loss that SPLC corrects."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .base import MultiLabelLoss
from .checks import check_range, prepare
from .class_weights import Factors
from .one_pass import OnePass
from .slopes import focal_slope, positives, soft_focal
from .terms import focal, mix

MARGIN, GAMMA = 1.0, 2.0


def focal_margin_loss(
    logits: Tensor,
    target: Tensor,
    margin: float = MARGIN,
    gamma: float = GAMMA,
    flip: Tensor | None = None,
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Compute the focal loss of each entry, with a margin on positives.

    A positive costs :math:`-(1 - p_m)^\gamma \log p_m` with :math:`p_m = \sigma(x - margin)`, a
    negative :math:`-p^\gamma \log(1 - p)`.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see :mod:`mmpretrain_mlml.losses.functional`.
        margin: Margin subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0.
        flip: Entries that cost the positive term, without the margin, where the target is 0; (N, C),
            bool.
        pos_weight: Factor on the positive term, labelled or flipped, (C,) or ().

    Returns:
        Shape (N, C).

    Raises:
        ValueError: If shapes differ or are not (N, C), or gamma is negative.

    Source: arXiv 2112.07368, focal margin loss.
    """
    check_range('gamma', gamma, low=0)
    logits, target = prepare(logits, target)
    return focal_margin(logits, target, margin, gamma, flip, pos_weight)


def focal_margin(
    logits: Tensor,
    target: Tensor,
    margin: float,
    gamma: float,
    flip: Tensor | None = None,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return :func:`focal_margin_loss` of logits in the dtype of the computation."""
    if flip is None:
        negative = focal(-logits, gamma)
    else:
        negative = focal(torch.where(flip, logits, -logits), gamma)
        if pos_weight is not None:
            negative = negative * torch.where(flip, pos_weight, 1)
    return mix(focal(logits - margin, gamma), negative, target, pos_weight)


def focal_margin_one_pass(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    factors: Factors,
    inspect_values: bool,
    *,
    margin: float,
    gamma: float,
    above: float | None = None,
) -> Tensor:
    """Return the sum of :func:`focal_margin_loss` and write its gradient; see `one_pass.OnePass`.

    Negatives with a logit above `above` are flipped. A focal term is evaluated at the logit of the
    wrong answer: ``x``, or ``-x`` for a positive or flipped entry. Where all targets are hard, one
    term serves all entries.
    """
    hard = positives(t) if inspect_values else None
    if hard is not None:
        wrong = torch.sub(x, t, alpha=margin)
        if above is not None:
            np.logical_or(wrong.numpy() > above, hard, out=hard)
        up = gradient  # 1 where an entry is pushed up, else 0
        np.copyto(up.numpy(), hard)
        wrong.addcmul_(wrong, up, value=-2)
        if factors.absent is factors.present:  # one factor for all entries of a class, or none
            cost, weight, slope = focal_slope(wrong, gamma, inspect_values, factors.absent)
            torch.addcmul(slope, slope, up, value=-2, out=gradient)
            return torch.dot(cost, weight)
        signed = factors.signed_(up)
        cost, weight, _ = focal_slope(wrong, gamma, inspect_values, signed, out=gradient)
        return torch.dot(cost, weight.abs_())
    rows = x, t, gradient
    return soft_focal(
        *rows, factors, inspect_values, margin=margin, gamma=gamma, absent_gamma=gamma, above=above
    )


class FocalMargin(MultiLabelLoss):
    """Focal loss with a margin on positives: SPLC before its first correction.

    See :func:`~mmpretrain_mlml.losses.functional.focal_margin_loss` for the formula. The margin is on
    positives; it repairs no missing labels, so it has no ``unknown='unobserved'``.

    Args:
        margin: Margin subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0; its weight is part of the gradient.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range.

    Source: arXiv 2112.07368, focal margin loss.
    """

    def __init__(self, margin: float = MARGIN, gamma: float = GAMMA, **common: Any) -> None:
        super().__init__(**common)
        check_range('gamma', gamma, low=0)
        self.margin = margin
        self.gamma = gamma
        self.check()

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        weight = self.factor('pos_weight', pred)
        return focal_margin(pred, target, self.margin, self.gamma, pos_weight=weight)

    def one_pass(self) -> OnePass:
        return partial(focal_margin_one_pass, margin=self.margin, gamma=self.gamma)
