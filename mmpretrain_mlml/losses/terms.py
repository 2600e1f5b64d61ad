"""Terms that losses share: the cost of one entry as a function of its logit.

Every term takes logits of any shape in the dtype of the computation and returns the same shape. Unless
stated otherwise a term is the cost of an entry that should be present; at ``-x`` it is the cost of an
entry that should be absent. Values and gradients are exact, and finite, at any finite logit.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .checks import wide_dtype


def log_loss(logits: Tensor) -> Tensor:
    r"""Return :math:`-\log p`."""
    return -F.logsigmoid(logits)


def power(logits: Tensor, exponent: float) -> Tensor:
    r"""Return :math:`p^e`, whose gradient is exact at both ends: no difference cancels to zero."""
    return torch.exp(exponent * F.logsigmoid(logits))


def focal(logits: Tensor, gamma: float, detach: bool = False) -> Tensor:
    r"""Return :math:`-(1 - p)^\gamma \log p`.

    Args:
        logits: Any shape.
        gamma: Focusing exponent, >= 0.
        detach: Whether to exclude the weight :math:`(1 - p)^\gamma` from the gradient.

    Source: arXiv 1708.02002, without class balance.
    """
    weight = power(-(logits.detach() if detach else logits), gamma)
    return weight * log_loss(logits)


def mix(
    positive: Tensor, negative: Tensor, target: Tensor, pos_weight: Tensor | None = None
) -> Tensor:
    """Return the positive term where the target is 1, the negative where 0, and 0 where -1 (unknown).

    Args:
        positive: Cost of each entry if it is present.
        negative: Cost of each entry if it is absent.
        target: 1, 0 or -1, in any dtype; between 0 and 1 the two terms are interpolated.
        pos_weight: Factor on the positive term; broadcast.
    """
    if pos_weight is not None:
        positive = positive * pos_weight
    target = target.to(negative.dtype)
    return torch.lerp(negative, positive, target.clamp(min=0)) * (target >= 0)


def confident(logits: Tensor, tau: float) -> Tensor:
    """Return where the probability is strictly above ``tau``, bool; exact, as it compares logits."""
    return logits.to(wide_dtype(logits)) > logit(tau)


def logit(p: float) -> float:
    """Return the logit of a probability; infinite at 0 and 1."""
    return math.log(p) - math.log1p(-p) if 0 < p < 1 else (p - 0.5) * math.inf
