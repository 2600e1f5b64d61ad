"""Parts of one-pass gradients that losses share: costs of entries together with their slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from .checks import check_targets
from .class_weights import Factors

# numpy's log1p takes 0.6 of torch's time with AVX-512, where it is vectorised, and 2.3 elsewhere.
_NUMPY_VECTORISES = torch.backends.cpu.get_cpu_capability() == 'AVX512'


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
        :math:`-\log p`, the weight :math:`w^\gamma`, and the derivative by `wrong`; the last two times
        `factor`.
    """
    w = torch.sigmoid(wrong)
    if inspect_values:  # -log p = max(wrong, 0) - log sigmoid(|wrong|)
        minus_p = torch.sub(w, 1)
        cost = torch.neg(w)
        _log1p_(torch.maximum(cost, minus_p, out=cost))  # sigmoid(|wrong|) = 1 - min(w, p)
        torch.sub(wrong.relu_(), cost, out=cost)
    else:  # fewer tensors, but twice the time of the other on some CPUs
        cost = softplus(wrong, threshold=40.0)
        minus_p = torch.sub(w, 1, out=wrong)
    slope = torch.addcmul(w, minus_p, cost, value=-gamma, out=minus_p)
    weight = scale_(w.pow_(gamma), factor)
    slope = torch.mul(slope, weight, out=slope if out is None else out)
    return cost, weight, slope


@np.errstate(invalid='ignore')  # torch does not warn of infinite logits either
def few_focal_slopes(
    wrong: Tensor, gamma: float, factor: NDArray[Any] | None
) -> tuple[float, NDArray[Any]]:
    """Return the sum of the term of `focal_slope` and its derivatives for a few entries, on the CPU.

    In numpy, whose calls take a third of the time of torch's.
    """
    v, w = wrong.numpy(), torch.sigmoid(wrong).numpy()
    minus_p = w - 1
    cost = np.maximum(v, 0) - np.log1p(np.maximum(-w, minus_p))
    weight = w**gamma if factor is None else factor * w**gamma
    return float(cost @ weight), weight * (w - gamma * minus_p * cost)


def soft_focal(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    factors: Factors,
    inspect_values: bool,
    *,
    margin: float,
    gamma: float,
    absent_gamma: float,
    above: float | None = None,
) -> Tensor:
    """Return the summed focal terms of targets of any kind and write the gradient.

    With target t an entry costs t times the positive term, with `margin` and `gamma`, and 1 - t times
    the negative term with `absent_gamma`; with target -1 nothing. Three tensors beside the gradient
    are held at a time.

    Args:
        x: Logits, (M,), whole rows.
        t: Targets in [0, 1], or -1, (M,).
        gradient: Receives the gradient, (M,).
        factors: Factors on the costs by class.
        inspect_values: Whether the values can be read.
        margin: Margin subtracted from the logits of the positive term.
        gamma: Focusing exponent of the positive term.
        absent_gamma: Focusing exponent of the negative term.
        above: Logit above which the negative term is flipped, into the positive one without margin.
    """
    if above is None:
        wrong, factor = x.clone(), factors.absent
    else:
        up = torch.gt(x, above, out=gradient)
        wrong, factor = torch.addcmul(x, x, up, value=-2), factors.between(up)
    cost, weight, slope = focal_slope(wrong, absent_gamma, inspect_values, factor)
    if above is not None:
        slope.addcmul_(slope, up, value=-2)
    share = absent_share(t, out=gradient)
    total = torch.dot(cost, weight.mul_(share))
    torch.mul(slope, share, out=gradient)
    del wrong, cost, weight, slope  # not to be held in the second half
    return total + add_positive(x, t, gradient, factors, inspect_values, margin=margin, gamma=gamma)


def absent_share(t: Tensor, out: Tensor) -> Tensor:
    """Write the share of the negative term, (M,): 1 - t for a target t in [0, 1], 0 for -1."""
    return torch.abs(t, out=out).neg_().add_(1)


def add_positive(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    factors: Factors,
    inspect_values: bool,
    *,
    margin: float,
    gamma: float,
) -> Tensor:
    """Return the summed positive terms, each times its target, 0 for -1; add their gradient.

    The arguments are those of `soft_focal`.
    """
    wrong = torch.neg(x).add_(margin)
    cost, weight, slope = focal_slope(wrong, gamma, inspect_values, factors.present)
    # All factors are >= 0, so that only a target of -1 makes a product negative.
    gradient.sub_(slope.mul_(t).relu_())
    return torch.dot(cost, weight.mul_(t).relu_())


def scale_(values: Tensor, factor: Tensor | None) -> Tensor:
    """Multiply flattened rows in place by a factor, (M,) or by class (C,); None leaves them alone."""
    if factor is not None and factor.numel():
        values.view(-1, factor.numel()).mul_(factor)
    return values


def _log1p_(values: Tensor) -> Tensor:
    if not _NUMPY_VECTORISES:
        return values.log1p_()
    array = values.numpy()
    np.log1p(array, out=array)
    return values
