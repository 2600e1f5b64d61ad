"""Sum and gradient of a loss in one pass over the logits.

Written naively, a loss of several terms makes a dozen passes over memory forward and as many
backward. Here the gradient is worked out beside the loss: on the CPU in blocks that stay in the cache,
under a compiler, or on a GPU, in one piece. The formulas are those of
:mod:`~mmpretrain_mlml.losses.functional`, which stays the definition; what is added is their
derivative. A test compares every kernel with it, value and gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 1 << 18  # entries: large enough to hide the calls, small enough for the cache

# From logits and targets, one-dimensional, to the summed loss and its gradient, which it writes into
# the third argument. The fourth says whether what is done may depend on values: not under a compiler;
# a GPU would wait for it.
Kernel = Callable[[Tensor, Tensor, Tensor, bool], Tensor]


def summed(logits: Tensor, target: Tensor, kernel: Kernel, factor: float | Tensor = 1.0) -> Tensor:
    """The sum of a loss over all entries, differentiable once.

    On the CPU it needs the memory of the gradient beside its inputs, no more.

    Args:
        logits: (N, C), float32 or float64.
        target: (N, C) of 0, 1, -1 (unknown, costs nothing) or, interpolated, between 0 and 1.
        kernel: Of the loss.
        factor: On the result.
    """
    if logits.device.type != 'cpu' or torch.compiler.is_compiling():
        return factor * _InOnePiece.apply(logits, target.to(logits.dtype), kernel)
    return _InBlocks.apply(logits, target, kernel, float(factor))


class _InOnePiece(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, kernel: Kernel) -> Tensor:
        gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
        total = kernel(logits.reshape(-1), target.reshape(-1), gradient.view(-1), False)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None, None]:
        return ctx.saved_tensors[0] * scale, None, None


class _InBlocks(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, kernel: Kernel, factor: float) -> Tensor:
        ctx.how = kernel, factor
        ctx.save_for_backward(logits, target)
        total, ctx.gradient = _block_by_block(logits, target, kernel, factor)
        return logits.new_tensor(total)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None, None, None]:
        gradient, ctx.gradient = ctx.gradient, None  # given away, so that it can be scaled in place
        if gradient is None:  # a second time through a retained graph
            gradient = _block_by_block(*ctx.saved_tensors, *ctx.how)[1]
        return gradient if scale.item() == 1 else gradient.mul_(scale), None, None, None


def _block_by_block(
    logits: Tensor, target: Tensor, kernel: Kernel, factor: float
) -> tuple[float, Tensor]:
    gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
    total = 0.0
    flat = [part.reshape(-1) for part in (logits, target, gradient)]
    several = len(flat[0]) > BLOCK
    for x, t, slope in zip(*(part.split(BLOCK) for part in flat)) if several else [flat]:
        total += float(kernel(x, t.to(x.dtype), slope, True))
        if factor != 1:
            slope.mul_(factor)
    return factor * total, gradient


def hill_kernel(
    x: Tensor, t: Tensor, gradient: Tensor, look: bool, *, lamb: float, margin: float, gamma: float
) -> Tensor:
    """Of :func:`~mmpretrain_mlml.losses.functional.hill_loss`."""
    marked = _marked(t) if look else None
    at = None if marked is None else torch.from_numpy(np.flatnonzero(marked))
    p, q = torch.sigmoid(x), torch.neg(x).sigmoid_()
    if at is not None:
        p.index_fill_(0, at, 0)  # at which an absent entry has neither cost nor slope
    torch.mul(p, q, out=gradient)
    if at is not None:  # (lamb - p) p^2, where lamb - p = (lamb - 1) + q
        absent = torch.dot(p, p) * (lamb - 1) + torch.dot(p, gradient)
    if lamb == 1.5:
        torch.addcmul(x.new_zeros(()), gradient, gradient, value=3, out=gradient)  # 3 p^2 q^2
    else:
        gradient.mul_(q.mul_(3).add_(2 * lamb - 3)).mul_(p)  # (2 lamb - 3p) p^2 q
    if at is not None:
        wrong = torch.rsub(x.index_select(0, at), margin)
        log_p, weight, slope = _focal(wrong, gamma, look)
        gradient.index_copy_(0, at, slope.neg_())
        return absent - torch.dot(log_p, weight)
    height = torch.rsub(p, lamb)
    log_p, weight, slope = _focal(torch.rsub(x, margin), gamma, look)
    positive = log_p.mul_(weight).neg_()
    return _mixed(height.mul_(p).mul_(p), gradient, positive, slope.neg_(), t, gradient)


def splc_kernel(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    look: bool,
    *,
    above: float | None,
    margin: float,
    gamma: float,
) -> Tensor:
    """Of :func:`~mmpretrain_mlml.losses.functional.splc_loss`; corrects logits above ``above``.

    A focal term is taken at the logit of the wrong answer: ``x``, or ``-x`` for what is marked or
    corrected. Where all targets are hard, one term serves all entries.
    """
    marked = _marked(t) if look else None
    if marked is not None:
        wrong = torch.sub(x, t, alpha=margin)
        if above is not None:
            np.logical_or(wrong.numpy() > above, marked, out=marked)
        np.copyto(gradient.numpy(), marked)  # 1 where an entry is pushed up, else 0
        wrong.addcmul_(wrong, gradient, value=-2)
        log_p, weight, slope = _focal(wrong, gamma, look)
        torch.addcmul(slope, slope, gradient, value=-2, out=gradient)
        return torch.dot(log_p, weight).neg_()
    up = x.new_zeros(()) if above is None else torch.gt(x, above, out=gradient)
    log_p, weight, slope = _focal(torch.addcmul(x, x, up, value=-2), gamma, look)
    negative = log_p.mul_(weight).neg_()
    slope.addcmul_(slope, up, value=-2)
    log_p, weight, rise = _focal(torch.rsub(x, margin), gamma, look)
    positive = log_p.mul_(weight).neg_()
    return _mixed(negative, slope, positive, rise.neg_(), t, gradient)


def _marked(t: Tensor) -> NDArray[np.bool_] | None:
    """Where the targets are 1, if they are seen to be 0 elsewhere."""
    values = t.numpy()
    marked = values != 0
    other = values == 1
    np.logical_xor(other, marked, out=other)
    return None if other.any() else marked


def _mixed(
    negative: Tensor, fall: Tensor, positive: Tensor, rise: Tensor, t: Tensor, gradient: Tensor
) -> Tensor:
    """Sum of the costs, and their slopes into ``gradient``, mixed as the targets say."""
    known, share = t >= 0, t.clamp(min=0)
    torch.lerp(fall, rise, share, out=gradient).mul_(known)
    return negative.lerp_(positive, share).mul_(known).sum()


def _focal(wrong: Tensor, gamma: float, look: bool) -> tuple[Tensor, Tensor, Tensor]:
    """At w = sigmoid(wrong), p = 1 - w: log p, w^gamma, and the derivative of -w^gamma log p.

    Overwrites its argument.
    """
    w = torch.sigmoid(wrong)
    p = torch.rsub(w, 1)
    # log p = log sigmoid(|wrong|) - max(wrong, 0), and sigmoid(|wrong|) = 1 - min(w, p)
    log_p = torch.minimum(w, p).neg_()
    if look:  # numpy takes half of torch's time where it is vectorised
        values = log_p.numpy()
        np.log1p(values, out=values)
    else:
        log_p.log1p_()
    log_p.sub_(wrong.clamp_(min=0))
    weight = torch.pow(w, gamma, out=wrong)
    slope = torch.addcmul(w, p, log_p, value=-gamma, out=w).mul_(weight)
    return log_p, weight, slope
