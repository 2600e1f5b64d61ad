"""The mathematics of the losses: pure functions of logits and targets, nothing but torch.

Conventions shared by every function here:

- ``logits`` is a float tensor of shape (N, C). Half inputs are computed, and returned, in float32.
- ``target`` has the same shape: 1 present, 0 absent (or merely not marked), -1 unknown. An unknown
  entry costs nothing. A target between 0 and 1, as MixUp and CutMix make them, costs the
  interpolation ``t * loss(y=1) + (1 - t) * loss(y=0)``. Do not mix targets that hold -1.
- ``reduction``: ``'none'`` gives (N, C), ``'sum'`` the plain sum, ``'mean'`` the sum over classes and
  the mean over images.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .terms import focal, hill, mix, shifted_focal

REDUCTIONS = ('none', 'mean', 'sum')


def hill_loss(
    logits: Tensor,
    target: Tensor,
    lamb: float = 1.5,
    margin: float = 1.0,
    gamma: float = 2.0,
    reduction: str = 'none',
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Hill: negatives that look like missed positives weigh little.

    With :math:`p = \sigma(x)` and :math:`p_m = \sigma(x - margin)`, a positive costs the focal margin
    term :math:`-(1 - p_m)^\gamma \log p_m` and a negative :math:`(\lambda - p)\,p^2`. At
    :math:`\lambda = 1.5` the gradient of a negative is :math:`3 p^2 (1 - p)^2`: zero at both ends.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see the module's conventions.
        lamb: The negative term climbs to lamb - 1 at p = 1.
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent of positives, >= 0.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        pos_weight: Factor on the positive term, (C,) or ().

    Raises:
        ValueError: Shapes differ or are not (N, C), gamma is negative, or the reduction is unknown.

    Source: arXiv 2112.07368, Hill loss and focal margin loss.

    >>> hill_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]]))
    tensor([[0.7019, 0.4804]])
    """
    check_range('gamma', gamma, low=0)
    logits, target = prepare(logits, target)
    loss = mix(focal(logits - margin, gamma), hill(logits, lamb), target, pos_weight)
    return reduce_loss(loss, reduction)


def splc_loss(
    logits: Tensor,
    target: Tensor,
    correct: bool,
    tau: float = 0.6,
    margin: float = 1.0,
    gamma: float = 2.0,
    reduction: str = 'none',
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Self-paced loss correction: confident negatives are trained as positives.

    Focal loss on both sides, :math:`-(1 - p)^\gamma \log p` and :math:`-p^\gamma \log(1 - p)`, with
    the margin subtracted from the logits of positives only. With ``correct``, an entry of target 0
    whose probability lies strictly above ``tau`` costs the positive term, without the margin.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see the module's conventions. It is never modified: a correction lives
            for one call.
        correct: Whether the correction is on (from ``change_epoch`` on).
        tau: Confidence above which a negative is taken for a missed positive, in [0, 1].
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        pos_weight: Factor on the positive term, marked or corrected, (C,) or ().

    Raises:
        ValueError: Shapes differ or are not (N, C), gamma is negative, tau lies outside [0, 1], or
            the reduction is unknown.

    Source: arXiv 2112.07368, self-paced loss correction (SPLC).

    >>> logits, target = torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]])
    >>> splc_loss(logits, target, correct=False)
    tensor([[0.7019, 1.6501]])
    >>> splc_loss(logits, target, correct=True)
    tensor([[0.7019, 0.0018]])
    """
    check_range('gamma', gamma, low=0)
    check_range('tau', tau, low=0, high=1)
    logits, target = prepare(logits, target)
    flip = confident(logits, tau) if correct else None
    loss = focal_margin_loss(logits, target, margin, gamma, flip, pos_weight)
    return reduce_loss(loss, reduction)


def focal_margin_loss(
    logits: Tensor,
    target: Tensor,
    margin: float = 1.0,
    gamma: float = 2.0,
    flip: Tensor | None = None,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Focal loss on both sides, with a margin on the positives: what SPLC corrects.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see the module's conventions.
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0.
        flip: Shape (N, C), bool: entries that cost the positive term without the margin where the
            target is 0.
        pos_weight: Factor on the positive term, marked or flipped, (C,) or ().

    Returns:
        Shape (N, C).

    Source: arXiv 2112.07368, focal margin loss.
    """
    check_range('gamma', gamma, low=0)
    logits, target = prepare(logits, target)
    if flip is None:
        unmarked = focal(-logits, gamma)
    else:
        unmarked = focal(torch.where(flip, logits, -logits), gamma)
        if pos_weight is not None:
            unmarked = unmarked * torch.where(flip, pos_weight, 1)
    return mix(focal(logits - margin, gamma), unmarked, target, pos_weight)


def correct_labels(logits: Tensor, target: Tensor, tau: float = 0.6) -> Tensor:
    r"""SPLC's correction alone, for any loss behind it: confident negatives become positives.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see the module's conventions; not modified.
        tau: Confidence above which a negative is taken for a missed positive, in [0, 1].

    Returns:
        Targets in the dtype of the computation: 1 where the probability lies strictly above ``tau``
        and the entry is known, as they were elsewhere.

    Raises:
        ValueError: Shapes differ or are not (N, C), or tau lies outside [0, 1].

    Source: arXiv 2112.07368, self-paced loss correction (SPLC).

    >>> correct_labels(torch.tensor([[0.0, 2.0, 2.0]]), torch.tensor([[0, 0, -1]]))
    tensor([[ 0.,  1., -1.]])
    """
    check_range('tau', tau, low=0, high=1)
    logits, target = prepare(logits, target)
    return relabelled(target, confident(logits, tau))


def relabelled(target: Tensor, flip: Tensor) -> Tensor:
    """The targets, 1 where an entry is to be flipped and is not unknown, (N, C)."""
    return torch.where(flip & (target >= 0), 1, target)


def asl_loss(
    logits: Tensor,
    target: Tensor,
    gamma_neg: float = 4.0,
    gamma_pos: float = 0.0,
    clip: float = 0.05,
    reduction: str = 'none',
    detach: bool = True,
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Asymmetric loss.

    :math:`-(1 - p)^{\gamma_+} \log p` and :math:`-p_m^{\gamma_-} \log(1 - p_m)` with
    :math:`p_m = \max(p - clip, 0)`. ``gamma_neg = gamma_pos = clip = 0`` is binary cross-entropy.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see the module's conventions.
        gamma_neg: Focusing exponent of negatives, >= 0.
        gamma_pos: Focusing exponent of positives, >= 0.
        clip: Probability below which a negative costs nothing, in [0, 1].
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        detach: Whether the weights in front of the logarithms take no part in the gradient, as in
            the baselines of the released trainer.
        pos_weight: Factor on the positive term, (C,) or ().

    Raises:
        ValueError: Shapes differ or are not (N, C), an exponent is negative, clip lies outside
            [0, 1], or the reduction is unknown.

    Source: arXiv 2009.14119, asymmetric loss; detached as in the trainer released with 2112.07368.

    >>> asl_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]]))
    tensor([[0.6931, 0.8464]])
    """
    check_range('gamma_neg', gamma_neg, low=0)
    check_range('gamma_pos', gamma_pos, low=0)
    check_range('clip', clip, low=0, high=1)
    logits, target = prepare(logits, target)
    positive = focal(logits, gamma_pos, detach)
    negative = shifted_focal(-logits, gamma_neg, clip, detach)
    return reduce_loss(mix(positive, negative, target, pos_weight), reduction)


def reduce_loss(loss: Tensor, reduction: str, avg_factor: float | Tensor | None = None) -> Tensor:
    """Reduces an elementwise loss.

    Args:
        loss: Shape (N, C).
        reduction: ``'none'`` gives (N, C); ``'sum'`` the plain sum, whatever ``avg_factor`` says;
            ``'mean'`` the sum over classes and the mean over images.
        avg_factor: What ``'mean'`` divides by instead of N.

    Raises:
        ValueError: The reduction is unknown.
    """
    if check_reduction(reduction) == 'none':
        return loss
    if reduction == 'sum' or len(loss) == 0:
        return loss.sum()
    return loss.sum() / (len(loss) if avg_factor is None else avg_factor)


def check_reduction(reduction: str) -> str:
    if reduction not in REDUCTIONS:
        raise ValueError(f'unknown reduction {reduction!r}; expected one of {REDUCTIONS}')
    return reduction


def confident(logits: Tensor, tau: float) -> Tensor:
    """Where the probability lies strictly above ``tau``: decided on the logit, which is exact."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32)) > logit(tau)


def logit(p: float) -> float:
    """The logit of a probability, infinite at 0 and 1."""
    return math.log(p) - math.log1p(-p) if 0 < p < 1 else (p - 0.5) * math.inf


def prepare(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and targets in the dtype of the computation, float32 or better.

    Raises:
        ValueError: Shapes differ or are not (N, C), or the logits are no floating point numbers.
    """
    if logits.ndim != 2 or logits.shape != target.shape:
        raise ValueError(
            'expected logits and target of one shape (N, C), '
            f'got logits {tuple(logits.shape)} and target {tuple(target.shape)}'
        )
    if not logits.is_floating_point():
        raise ValueError(f'expected logits of a floating dtype, got {logits.dtype}')
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return logits, target.to(logits.dtype)


def check_range(name: str, value: float, low: float, high: float = float('inf')) -> None:
    if not low <= value <= high:  # also catches NaN
        raise ValueError(f'expected {name} in [{low}, {high}], got {value}')
