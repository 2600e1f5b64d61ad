"""The parts that losses are made of: what one entry costs, as a function of its logit.

Every term takes logits of any shape in the dtype of the computation and gives the same shape. Unless
it says otherwise it is written for an entry that should be present; at ``-x`` it is the one for an
entry that should be absent. Losses and slopes are exact, and finite, at any finite logit.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def log_loss(logits: Tensor) -> Tensor:
    r""":math:`-\log p`."""
    return -F.logsigmoid(logits)


def power(logits: Tensor, exponent: float) -> Tensor:
    r""":math:`p^e`, with an exact slope at both ends: no difference that cancels to zero."""
    return torch.exp(exponent * F.logsigmoid(logits))


def focal(logits: Tensor, gamma: float, detach: bool = False) -> Tensor:
    r""":math:`-(1 - p)^\gamma \log p`; ``detach`` keeps the weight out of the gradient."""
    weight = power(-(logits.detach() if detach else logits), gamma)
    return weight * log_loss(logits)


def shifted_focal(logits: Tensor, gamma: float, clip: float, detach: bool = False) -> Tensor:
    r""":math:`-w^\gamma \log(1 - w)` with :math:`w = \max(1 - p - clip, 0)`.

    ASL's probability shifting, written like all terms for an entry that should be present.
    """
    if clip == 0:
        return focal(logits, gamma, detach)
    right = (logits.sigmoid() + clip).clamp(max=1)  # 1 - w, at least clip
    wrong = 1 - (right.detach() if detach else right)
    if gamma < 1:  # whose power has an infinite slope at 0
        wrong = wrong.clamp(min=torch.finfo(wrong.dtype).tiny)
    return -right.log() * wrong**gamma


def hill(logits: Tensor, lamb: float) -> Tensor:
    r""":math:`(\lambda - p)\,p^2`, Hill's cost of an entry that should be absent.

    Above p = 1/2 it is the same polynomial in :math:`q = 1 - p`, so that its slope stays exact where
    p nears 1: at :math:`\lambda = 1.5` that is :math:`3 p^2 q^2`.
    """
    p, q = logits.sigmoid(), (-logits).sigmoid()
    above = lamb - 1 + q * (3 - 2 * lamb + q * (lamb - 3 + q))
    return torch.where(logits > 0, above, (lamb - p) * p * p)


def entropy(logits: Tensor) -> Tensor:
    r""":math:`-p \log p - (1 - p) \log(1 - p)`, in nats."""
    return logits.sigmoid() * log_loss(logits) + (-logits).sigmoid() * log_loss(-logits)


def generalized_cross_entropy(logits: Tensor, q: float) -> Tensor:
    r""":math:`(1 - p^q) / q`: :math:`-\log p` for small q, :math:`1 - p` at q = 1."""
    log_power = q * F.logsigmoid(logits)
    # expm1 for the value where the power nears 1; its slope is inexact where the power nears 0
    return torch.where(log_power > -1, -log_power.expm1(), 1 - log_power.exp()) / q


def mix(
    positive: Tensor, negative: Tensor, target: Tensor, pos_weight: Tensor | None = None
) -> Tensor:
    """The positive term where target is 1, the negative where 0, nothing where -1 (unknown).

    Args:
        positive: Cost of each entry if it is present.
        negative: Cost of each entry if it is absent.
        target: 1, 0 or -1; between 0 and 1 the two terms are interpolated.
        pos_weight: Factor on the positive term; broadcast.
    """
    if pos_weight is not None:
        positive = positive * pos_weight
    return torch.lerp(negative, positive, target.clamp(min=0)) * (target >= 0)
