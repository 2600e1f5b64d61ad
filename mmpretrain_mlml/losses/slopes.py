"""Parts of one-pass gradients that losses share: costs of entries together with their slopes."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .checks import check_targets


def positives(t: Tensor) -> NDArray[np.bool_] | None:
    """Return where the targets are 1 if all others are 0, else None; the others are checked then.

    Raises:
        ValueError: As `checks.check_targets`.
    """
    values = t.numpy()
    nonzero: NDArray[np.bool_] = values != 0
    other = values == 1
    np.logical_xor(other, nonzero, out=other)
    if not other.any():
        return nonzero
    if np.count_nonzero(other) != np.count_nonzero(values == -1):
        check_targets(t)
    return None


def focal_slope(
    wrong: Tensor,
    gamma: float,
    inspect_values: bool,
    factor: Tensor | None = None,
    out: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Return the parts of a focal term and its derivative, by the logit of the wrong answer.

    With :math:`w = \sigma(wrong)` and :math:`p = 1 - w` the term is :math:`-w^\gamma \log p`.

    Args:
        wrong: Logits of the wrong answer, (M,), overwritten.
        gamma: Focusing exponent, >= 0.
        inspect_values: Whether the values can be read, as on the CPU outside a compiler.
        factor: Factor on the term, (M,), or (C,) where M is a multiple of C.
        out: Tensor that receives the derivative, (M,); may be `factor`.

    Returns:
        :math:`\log p`, the weight :math:`w^\gamma`, and the derivative by `wrong`; the last two times
        `factor`.
    """
    w = torch.sigmoid(wrong)
    p = torch.rsub(w, 1)
    # log p = log sigmoid(|wrong|) - max(wrong, 0), and sigmoid(|wrong|) = 1 - min(w, p)
    log_p = torch.minimum(w, p).neg_()
    if inspect_values:  # numpy takes half of torch's time where it is vectorised
        values = log_p.numpy()
        np.log1p(values, out=values)
    else:
        log_p.log1p_()
    log_p.sub_(wrong.clamp_(min=0))
    weight = torch.pow(w, gamma, out=wrong)
    scale_(weight, factor)
    slope = torch.addcmul(w, p, log_p, value=-gamma, out=w)
    slope = torch.mul(slope, weight, out=slope if out is None else out)
    return log_p, weight, slope


def scale_(values: Tensor, factor: Tensor | None) -> Tensor:
    """Multiply flattened rows in place by a factor, (M,) or by class (C,); None leaves them alone."""
    if factor is not None and factor.numel():
        values.view(-1, factor.numel()).mul_(factor)
    return values


def mix_slopes(
    negative: Tensor, fall: Tensor, positive: Tensor, rise: Tensor, t: Tensor, gradient: Tensor
) -> Tensor:
    """Return the summed cost of targets of any kind; write the slope into `gradient`.

    Args:
        negative: Cost of each entry if it is absent, overwritten.
        fall: Derivative of `negative` by the logit.
        positive: Cost of each entry if it is present.
        rise: Derivative of `positive` by the logit.
        t: Targets in [0, 1], or -1 (unknown).
        gradient: Receives the result; may be `fall`.
    """
    known, share = t >= 0, t.clamp(min=0)
    torch.lerp(fall, rise, share, out=gradient).mul_(known)
    return negative.lerp_(positive, share).mul_(known).sum()
