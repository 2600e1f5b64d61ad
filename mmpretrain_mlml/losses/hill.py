"""Hill loss: negatives that look like missing labels weigh little."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor

from .arguments import REPAIRED
from .base import MultiLabelLoss
from .checks import check_range, prepare
from .class_weights import Factors
from .one_pass import OnePass
from .reduction import reduce_loss
from .slopes import absent_share, add_positive, few_focal_slopes, positives, scale_
from .terms import confident, focal, mix
from .three_valued import stated_one_pass

LAMB, MARGIN, GAMMA = 1.5, 1.0, 2.0
_ZERO = torch.zeros(())


def hill_loss(
    logits: Tensor,
    target: Tensor,
    lamb: float = LAMB,
    margin: float = MARGIN,
    gamma: float = GAMMA,
    reduction: str = 'none',
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Compute the Hill loss.

    With :math:`p = \sigma(x)` and :math:`p_m = \sigma(x - margin)`, a positive costs the focal margin
    term :math:`-(1 - p_m)^\gamma \log p_m` and a negative :math:`(\lambda - p)\,p^2`. At
    :math:`\lambda = 1.5` the gradient of a negative is :math:`3 p^2 (1 - p)^2`: zero at both ends.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see :mod:`mmpretrain_mlml.losses.functional`.
        lamb: Shape of the negative term, which is lamb - 1 at p = 1.
        margin: Margin subtracted from the logits of positives.
        gamma: Focusing exponent of positives, >= 0.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        pos_weight: Factor on the positive term, (C,) or ().

    Raises:
        ValueError: If shapes differ or are not (N, C), gamma is negative, or the reduction is unknown.

    Source: arXiv 2112.07368, Hill loss and focal margin loss.

    >>> hill_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]]))
    tensor([[0.7019, 0.4804]])
    """
    check_range('gamma', gamma, low=0)
    logits, target = prepare(logits, target)
    loss = mix(focal(logits - margin, gamma), hill(logits, lamb), target, pos_weight)
    return reduce_loss(loss, reduction)


def hill(logits: Tensor, lamb: float) -> Tensor:
    r"""Return :math:`(\lambda - p)\,p^2`, the cost of an entry that should be absent.

    Above p = 1/2 it is the same polynomial in :math:`q = 1 - p`, so that its slope stays exact where
    p nears 1: at :math:`\lambda = 1.5` that is :math:`3 p^2 q^2`.
    """
    p, q = logits.sigmoid(), (-logits).sigmoid()
    above = lamb - 1 + q * (3 - 2 * lamb + q * (lamb - 3 + q))
    return torch.where(logits > 0, above, (lamb - p) * p * p)


def hill_one_pass(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    factors: Factors,
    inspect_values: bool,
    *,
    lamb: float,
    margin: float,
    gamma: float,
) -> Tensor | float:
    r"""Return the sum of :func:`hill_loss` and write its gradient; see `one_pass.OnePass`.

    Beside :math:`\lambda - p` the negative term is quadratic in p, so p takes the root of a factor.
    """
    hard = positives(t) if inspect_values else None
    p, q = torch.sigmoid(x), torch.neg(x).sigmoid_()
    if hard is None:
        share = scale_(absent_share(t, out=gradient), factors.absent)
        share.mul_(p).mul_(p)
        negative = torch.sum(share) * (lamb - 1) + torch.dot(share, q)  # lamb - p = lamb - 1 + q
        torch.mul(share.mul_(q), q.mul_(3).add_(2 * lamb - 3), out=gradient)
        del p, q, share
        return negative + add_positive(
            x, t, gradient, factors, inspect_values, margin=margin, gamma=gamma
        )
    # All entries as negatives, then the few positives by their indices.
    (indices,) = hard.nonzero()
    p.numpy()[indices] = 0  # where a negative has neither cost nor slope
    scale_(p, factors.root)
    torch.mul(p, q, out=gradient)
    total = (lamb - 1) * torch.dot(p, p).item() + torch.dot(p, gradient).item()
    if lamb == 1.5:
        torch.addcmul(_ZERO, gradient, gradient, value=3, out=gradient)  # 3 p^2 q^2
    else:
        gradient.mul_(q.mul_(3).add_(2 * lamb - 3)).mul_(p)
    present = factors.present
    factor = None if present is None else present.numpy()[indices % present.numel()]
    wrong = torch.from_numpy(margin - x.numpy()[indices])
    positive, slopes = few_focal_slopes(wrong, gamma, factor)
    gradient.numpy()[indices] = -slopes
    return total + positive


class Hill(MultiLabelLoss):
    r"""Hill loss: negatives that look like missing labels weigh little.

    See :func:`~mmpretrain_mlml.losses.functional.hill_loss` for the formula. Under
    ``unknown='unobserved'`` the hill is for entries of -1 alone; a verified absence, 0, costs the log
    loss :math:`-\log(1 - p)`. Its gradient p does not vanish, and is over twice the hill's.
    (Without its weight :math:`\lambda - p` the hill is the squared error :math:`p^2`, whose gradient
    :math:`2 p^2 (1 - p)` vanishes at p = 1, too: it is part of the repair. The focal term pushes less
    than the hill below p = 0.41.)

    Args:
        lamb: Shape of the negative term; 1.5 makes its gradient vanish at p = 1.
        margin: Margin subtracted from the logits of positives.
        gamma: Focusing exponent of positives, >= 0.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range.

    Source: arXiv 2112.07368, Hill loss.

    >>> Hill()(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]]))
    tensor(1.1822)
    """

    UNKNOWN = REPAIRED

    def __init__(
        self, lamb: float = LAMB, margin: float = MARGIN, gamma: float = GAMMA, **common: Any
    ) -> None:
        super().__init__(**common)
        check_range('gamma', gamma, low=0)
        self.lamb = lamb
        self.margin = margin
        self.gamma = gamma
        self._saturation = saturation_point(lamb)
        self.check()

    def positive(self, logits: Tensor) -> Tensor:
        return focal(logits - self.margin, self.gamma)

    def negative(self, logits: Tensor) -> Tensor:
        return hill(logits, self.lamb)

    def one_pass(self) -> OnePass:
        return partial(hill_one_pass, lamb=self.lamb, margin=self.margin, gamma=self.gamma)

    def one_pass_of_stated(self) -> OnePass:
        return partial(stated_one_pass, margin=self.margin, gamma=self.gamma, absent_gamma=0.0)

    @property
    def saturation(self) -> float:
        """Probability beyond which the hill is nearly flat, see :func:`saturation_point`."""
        return self._saturation

    def recovered(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the unobserved entries that saturate, and so are nearly ignored, (N, C), bool."""
        return self.unobserved(target) & confident(pred.detach(), self.saturation)


def saturation_point(lamb: float, share: float = 0.15) -> float:
    r"""Return the probability above which a negative's gradient is below a share of its maximum.

    The gradient of :math:`(\lambda - p) p^2` by the logit is :math:`p^2 (1 - p) (2\lambda - 3p)`. It
    has one maximum between 0 and 1, and falls from there to 0, at :math:`p = 2\lambda / 3` or at 1,
    whichever comes first; beyond that it pushes the entry up. With lamb <= 0 it never pushes an entry
    down, and 0 is returned.

    Args:
        lamb: Shape of the negative term.
        share: Share of the maximum, in [0, 1].

    Raises:
        ValueError: If ``share`` is outside [0, 1].

    >>> [round(saturation_point(lamb), 3) for lamb in (1.5, 1.2, 3.0)]
    [0.891, 0.758, 0.969]
    """
    check_range('share', share, low=0, high=1)
    if lamb <= 0:
        return 0.0

    def slope(p: float) -> float:
        return p * p * (1 - p) * (2 * lamb - 3 * p)

    top = (
        6 * lamb + 9 - math.sqrt((6 * lamb + 9) ** 2 - 192 * lamb)
    ) / 24  # root of the derivative
    low, high = top, min(1.0, 2 * lamb / 3)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > share * slope(top) else (low, middle)
    return high
