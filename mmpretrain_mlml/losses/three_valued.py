"""Targets under ``unknown='unobserved'``: 1 present, 0 absent and verified, -1 unobserved.

A loss is then the sum of two: its repair, which sees the present and the unobserved entries only, and
the plain terms of the entries that the labels state to be absent. A soft target is a statement, too.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor

from .class_weights import Factors
from .one_pass import OnePass
from .slopes import focal_slope, soft_focal

_CERTAIN = 1e4  # logit at which a present entry has exactly no cost and no slope


def stated(target: Tensor) -> Tensor:
    """Return which entries are verified absences or soft labels, (N, C), bool."""
    return (target >= 0) & (target < 1)


def repair_view(target: Tensor) -> Tensor:
    """Return what the repair sees, (N, C): 1 present, 0 unobserved, -1 (no cost) where stated.

    Args:
        target: Shape (N, C), floating.
    """
    return torch.where(stated(target), -1, target.clamp(min=0))


def stated_one_pass(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    factors: Factors,
    inspect_values: bool,
    *,
    margin: float,
    gamma: float,
    absent_gamma: float,
) -> Tensor:
    r"""Return the summed cost of stated entries and write its gradient; see `one_pass.OnePass`.

    With target t an entry costs :math:`t\,F(x - margin, \gamma) + (1 - t)\,F(-x, \gamma_0)`, where F
    is :func:`~mmpretrain_mlml.losses.terms.focal`; with target -1 nothing.

    Args:
        margin: Margin subtracted from the logits of the positive term.
        gamma: Focusing exponent of the positive term.
        absent_gamma: :math:`\gamma_0`, focusing exponent of the negative term; 0 for the log loss.
    """
    if inspect_values and not t.any():
        cost, weight, _ = focal_slope(x.clone(), absent_gamma, True, factors.absent, out=gradient)
        return torch.dot(cost, weight)
    exponents = {'gamma': gamma, 'absent_gamma': absent_gamma}
    return soft_focal(x, t, gradient, factors, inspect_values, margin=margin, **exponents)


def complete(repaired: OnePass | None, plain: OnePass | None) -> OnePass | None:
    """Return :func:`three_valued_one_pass` of two one passes; None unless there are both."""
    if repaired is None or plain is None:
        return None
    return partial(three_valued_one_pass, repaired=repaired, plain=plain)


def three_valued_one_pass(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    factors: Factors,
    inspect_values: bool,
    *,
    repaired: OnePass,
    plain: OnePass,
) -> Tensor | float:
    """Return the sum of a loss of three-valued targets and write its gradient.

    Without a stated entry it is `repaired` of the targets with 0 in place of -1, bit for bit.

    Args:
        repaired: One pass of the loss with its repair. A certain positive must cost nothing.
        plain: One pass of the stated entries, such as :func:`stated_one_pass`.
    """
    if not inspect_values:
        apart, slopes = stated(t), torch.empty_like(gradient)
        total = repaired(x, repair_view(t), gradient, factors, False)
        total = total + plain(x, torch.where(apart, t, -1), slopes, factors, False)
        gradient.add_(slopes)
        return total
    values = t.numpy()
    indices = np.flatnonzero((values >= 0) & (values < 1))
    seen = t.clamp(min=0)
    if not len(indices):
        return repaired(x, seen, gradient, factors, True)
    at = torch.from_numpy(indices)
    seen.index_fill_(0, at, 1)
    total = repaired(x.index_fill(0, at, _CERTAIN), seen, gradient, factors, True)
    slopes = x.new_empty(len(indices))
    own = x.index_select(0, at), t.index_select(0, at), slopes
    total = total + plain(*own, factors.at(indices), True)
    gradient.index_copy_(0, at, slopes)
    return total
