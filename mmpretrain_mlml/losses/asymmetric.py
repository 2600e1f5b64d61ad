"""The baselines of the released trainer: one formula, three settings, detached focal weights."""

from __future__ import annotations

from torch import Tensor

from .base import MultiLabelLoss, defaults_of
from .functional import asl_loss

_DEFAULT = defaults_of(asl_loss)


class ASL(MultiLabelLoss):
    """Asymmetric loss with detached focal weights, as the released trainer uses it.

    MMPretrain's own ``AsymmetricLoss`` lets the gradient flow through the weights.
    See :func:`~mmpretrain_mlml.losses.functional.asl_loss` for the formula.

    Args:
        gamma_neg: Focusing exponent of negatives, >= 0.
        gamma_pos: Focusing exponent of positives, >= 0.
        clip: Probability below which a negative costs nothing, in [0, 1].
        reduction: ``'mean'`` (sum over classes, mean over images), ``'sum'`` or ``'none'``.
        loss_weight: Factor on the result.

    Raises:
        ValueError: A hyper-parameter is out of its range.

    Source: arXiv 2009.14119; detached as in the trainer released with arXiv 2112.07368.
    """

    def __init__(
        self,
        gamma_neg: float = _DEFAULT.gamma_neg,
        gamma_pos: float = _DEFAULT.gamma_pos,
        clip: float = _DEFAULT.clip,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(reduction, loss_weight)
        self.gamma_neg = gamma_neg
        self.gamma_pos = gamma_pos
        self.clip = clip
        self.check()

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        return asl_loss(pred, target, self.gamma_neg, self.gamma_pos, self.clip)


class Focal(ASL):
    """Focal loss with detached weights and no class balance: ASL(gamma, gamma, 0).

    Args:
        gamma: Focusing exponent of both sides, >= 0.
        reduction: ``'mean'`` (sum over classes, mean over images), ``'sum'`` or ``'none'``.
        loss_weight: Factor on the result.

    Raises:
        ValueError: A hyper-parameter is out of its range.

    Source: arXiv 1708.02002; weights detached as in the trainer released with arXiv 2112.07368.
    """

    def __init__(
        self, gamma: float = 2.0, reduction: str = 'mean', loss_weight: float = 1.0
    ) -> None:
        super().__init__(gamma, gamma, 0.0, reduction, loss_weight)


class BCE(ASL):
    """Binary cross-entropy in which every unmarked class is a negative: ASL(0, 0, 0).

    Args:
        reduction: ``'mean'`` (sum over classes, mean over images), ``'sum'`` or ``'none'``.
        loss_weight: Factor on the result.

    Source: the baseline of arXiv 2112.07368.
    """

    def __init__(self, reduction: str = 'mean', loss_weight: float = 1.0) -> None:
        super().__init__(0.0, 0.0, 0.0, reduction, loss_weight)
