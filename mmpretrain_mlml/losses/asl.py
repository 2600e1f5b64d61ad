"""Asymmetric loss (ASL)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .base import MultiLabelLoss
from .checks import check_range, prepare
from .reduction import reduce_loss
from .terms import focal, mix

GAMMA_NEG, GAMMA_POS, CLIP, DETACH = 4.0, 0.0, 0.05, True


def asl_loss(
    logits: Tensor,
    target: Tensor,
    gamma_neg: float = GAMMA_NEG,
    gamma_pos: float = GAMMA_POS,
    clip: float = CLIP,
    reduction: str = 'none',
    detach: bool = DETACH,
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Compute the asymmetric loss.

    A positive costs :math:`-(1 - p)^{\gamma_+} \log p`, a negative
    :math:`-p_m^{\gamma_-} \log(1 - p_m)` with :math:`p_m = \max(p - clip, 0)`.
    ``gamma_neg = gamma_pos = clip = 0`` is binary cross-entropy.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see :mod:`mmpretrain_mlml.losses.functional`.
        gamma_neg: Focusing exponent of negatives, >= 0.
        gamma_pos: Focusing exponent of positives, >= 0.
        clip: Probability below which a negative costs nothing, in [0, 1].
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        detach: Whether to exclude the weights in front of the logarithms from the gradient, as the
            baselines of the released trainer do.
        pos_weight: Factor on the positive term, (C,) or ().

    Raises:
        ValueError: If shapes differ or are not (N, C), an exponent is negative, clip is outside [0,
            1], or the reduction is unknown.

    Source: arXiv 2009.14119, asymmetric loss; detached as in the trainer released with 2112.07368.

    >>> asl_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]]))
    tensor([[0.6931, 0.8464]])
    """
    _check(gamma_neg, gamma_pos, clip)
    logits, target = prepare(logits, target)
    positive = focal(logits, gamma_pos, detach)
    negative = shifted_focal(-logits, gamma_neg, clip, detach)
    return reduce_loss(mix(positive, negative, target, pos_weight), reduction)


def shifted_focal(logits: Tensor, gamma: float, clip: float, detach: bool = False) -> Tensor:
    r"""Return :math:`-w^\gamma \log(1 - w)` with :math:`w = \max(1 - p - clip, 0)`.

    ASL's probability shifting, written like all terms for an entry that should be present.
    """
    if clip == 0:
        return focal(logits, gamma, detach)
    right = (logits.sigmoid() + clip).clamp(max=1)  # 1 - w, at least clip
    wrong = 1 - (right.detach() if detach else right)
    if gamma < 1:  # the slope of the power is infinite at 0
        wrong = wrong.clamp(min=torch.finfo(wrong.dtype).tiny)
    return -right.log() * wrong**gamma


def _check(gamma_neg: float, gamma_pos: float, clip: float) -> None:
    check_range('gamma_neg', gamma_neg, low=0)
    check_range('gamma_pos', gamma_pos, low=0)
    check_range('clip', clip, low=0, high=1)


class ASL(MultiLabelLoss):
    """Asymmetric loss, by default with the detached focal weights of the released trainer.

    MMPretrain's own ``AsymmetricLoss`` lets the gradient flow through the weights.
    See :func:`~mmpretrain_mlml.losses.functional.asl_loss` for the formula.
    It repairs no missing labels, so it has no ``unknown='unobserved'``.

    Args:
        gamma_neg: Focusing exponent of negatives, >= 0.
        gamma_pos: Focusing exponent of positives, >= 0.
        clip: Probability below which a negative costs nothing, in [0, 1].
        detach: Whether to exclude the focal weights from the gradient.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range.

    Source: arXiv 2009.14119; detached as in the trainer released with arXiv 2112.07368.
    """

    def __init__(
        self,
        gamma_neg: float = GAMMA_NEG,
        gamma_pos: float = GAMMA_POS,
        clip: float = CLIP,
        detach: bool = DETACH,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        _check(gamma_neg, gamma_pos, clip)
        self.gamma_neg = gamma_neg
        self.gamma_pos = gamma_pos
        self.clip = clip
        self.detach = detach
        self.check()

    def positive(self, logits: Tensor) -> Tensor:
        return focal(logits, self.gamma_pos, self.detach)

    def negative(self, logits: Tensor) -> Tensor:
        return shifted_focal(-logits, self.gamma_neg, self.clip, self.detach)
