from __future__ import annotations

import math
from functools import partial
from typing import Any

from torch import Tensor

from .base import MultiLabelLoss, defaults_of
from .functional import check_range, confident, hill_loss, prepare
from .kernels import Kernel, hill_kernel

_DEFAULT = defaults_of(hill_loss)


class Hill(MultiLabelLoss):
    """Hill loss: negatives that look like missed positives weigh little.

    See :func:`~mmpretrain_mlml.losses.functional.hill_loss` for the formula.

    Args:
        lamb: Shape of the negative term; 1.5 makes its gradient vanish at p = 1.
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent of positives, >= 0.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range.

    Source: arXiv 2112.07368, Hill loss.

    >>> import torch
    >>> Hill()(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]]))
    tensor(1.1822)
    """

    def __init__(
        self,
        lamb: float = _DEFAULT.lamb,
        margin: float = _DEFAULT.margin,
        gamma: float = _DEFAULT.gamma,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.lamb = lamb
        self.margin = margin
        self.gamma = gamma
        self._far_side = far_side(lamb)
        self.check()

    @property
    def saturation(self) -> float:
        """Where the far side of the hill is nearly flat, see :func:`far_side`."""
        return self._far_side

    def recovered(self, pred: Tensor, target: Tensor) -> Tensor:
        """Unmarked entries that are nearly ignored: beyond the hill, see :func:`far_side`."""
        return self.unobserved(target) & confident(pred.detach(), self.saturation)

    def kernel(self) -> Kernel:
        return partial(hill_kernel, lamb=self.lamb, margin=self.margin, gamma=self.gamma)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        weight = self.factor('pos_weight', logits)
        return hill_loss(logits, target, self.lamb, self.margin, self.gamma, pos_weight=weight)


def far_side(lamb: float, share: float = 0.15) -> float:
    r"""Probability beyond the hill above which a negative's gradient stays below a share of its top.

    The gradient of :math:`(\lambda - p) p^2` by the logit is :math:`p^2 (1 - p) (2\lambda - 3p)`. It
    has one top between 0 and 1, and falls from there to 0, at :math:`p = 2\lambda / 3` or at 1,
    whichever comes first; beyond that it pushes up. With lamb <= 0 it never pushes down, and 0 is
    returned.

    Args:
        lamb: Shape of the negative term.
        share: Of the gradient at the top, in [0, 1].

    Raises:
        ValueError: ``share`` lies outside [0, 1].

    >>> round(far_side(1.5), 3), round(far_side(1.2), 3), round(far_side(3.0), 3)
    (0.891, 0.758, 0.969)
    """
    check_range('share', share, low=0, high=1)
    if lamb <= 0:
        return 0.0

    def slope(p: float) -> float:
        return p * p * (1 - p) * (2 * lamb - 3 * p)

    top = (6 * lamb + 9 - math.sqrt((6 * lamb + 9) ** 2 - 192 * lamb)) / 24  # a root of its slope
    low, high = top, min(1.0, 2 * lamb / 3)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > share * slope(top) else (low, middle)
    return high
