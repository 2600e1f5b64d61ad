"""Focusing by powers of the probability, as the released trainer's baselines do it."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from .base import MultiLabelLoss, defaults_of
from .functional import asl_loss, focal_margin_loss, prepare
from .kernels import Kernel, splc_kernel

_ASL = defaults_of(asl_loss)
_FOCAL_MARGIN = defaults_of(focal_margin_loss)


class ASL(MultiLabelLoss):
    """Asymmetric loss, with the released trainer's detached focal weights unless told otherwise.

    MMPretrain's own ``AsymmetricLoss`` lets the gradient flow through the weights.
    See :func:`~mmpretrain_mlml.losses.functional.asl_loss` for the formula.

    Args:
        gamma_neg: Focusing exponent of negatives, >= 0.
        gamma_pos: Focusing exponent of positives, >= 0.
        clip: Probability below which a negative costs nothing, in [0, 1].
        detach: Whether the focal weights take no part in the gradient.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range.

    Source: arXiv 2009.14119; detached as in the trainer released with arXiv 2112.07368.
    """

    def __init__(
        self,
        gamma_neg: float = _ASL.gamma_neg,
        gamma_pos: float = _ASL.gamma_pos,
        clip: float = _ASL.clip,
        detach: bool = _ASL.detach,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.gamma_neg = gamma_neg
        self.gamma_pos = gamma_pos
        self.clip = clip
        self.detach = detach
        self.check()

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        return asl_loss(
            logits,
            target,
            self.gamma_neg,
            self.gamma_pos,
            self.clip,
            detach=self.detach,
            pos_weight=self.factor('pos_weight', logits),
        )


class Focal(ASL):
    """Focal loss without class balance: ASL(gamma, gamma, 0).

    Args:
        gamma: Focusing exponent of both sides, >= 0.
        detach: Whether the focal weights take no part in the gradient.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range.

    Source: arXiv 1708.02002; weights detached as in the trainer released with arXiv 2112.07368.
    """

    def __init__(self, gamma: float = 2.0, detach: bool = _ASL.detach, **common: Any) -> None:
        super().__init__(gamma, gamma, 0.0, detach, **common)


class FocalMargin(MultiLabelLoss):
    """Focal loss with a margin on positives: SPLC before it corrects anything.

    See :func:`~mmpretrain_mlml.losses.functional.focal_margin_loss` for the formula.

    Args:
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0; its weight is part of the gradient.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range.

    Source: arXiv 2112.07368, focal margin loss.
    """

    def __init__(
        self,
        margin: float = _FOCAL_MARGIN.margin,
        gamma: float = _FOCAL_MARGIN.gamma,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.margin = margin
        self.gamma = gamma
        self.check()

    def kernel(self) -> Kernel:
        return partial(splc_kernel, above=None, margin=self.margin, gamma=self.gamma)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        weight = self.factor('pos_weight', logits)
        return focal_margin_loss(logits, target, self.margin, self.gamma, pos_weight=weight)
