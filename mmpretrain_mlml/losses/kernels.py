"""Sum and gradient of a loss in one pass over the logits, in blocks that stay in the cache.

Written naively, a loss of several terms makes a dozen passes over memory forward and as many
backward. Here each block of logits is worked through once, gradient included. The formulas are those
of :mod:`~mmpretrain_mlml.losses.functional`, which stays the definition; what is added is their
derivative. A test compares every kernel with it, value and gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 1 << 17  # entries: large enough to hide the calls, small enough for a core's cache

# From logits and targets of a block, all targets 0 or 1, to its summed loss and its gradient, which
# it writes into the third argument.
Kernel = Callable[[Tensor, Tensor, Tensor], Tensor]
Elementwise = Callable[[Tensor, Tensor], Tensor]


def summed(
    logits: Tensor, target: Tensor, kernel: Kernel, elementwise: Elementwise, factor: float = 1.0
) -> Tensor:
    """The sum of a loss over all entries, differentiable once.

    Beside its inputs it needs the memory of the gradient, no more.

    Args:
        logits: (N, C), float32 or float64.
        target: (N, C); blocks with other values than 0 and 1 go through ``elementwise``.
        kernel: Of the loss.
        elementwise: Its definition, (n,) and (n,) to (n,).
        factor: On the result.
    """
    return _Summed.apply(logits, target, kernel, elementwise, factor)


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, *how: Any) -> Tensor:
        ctx.how = how
        ctx.save_for_backward(logits, target)
        total, ctx.gradient = _block_by_block(logits, target, *how)
        return logits.new_tensor(total)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        gradient, ctx.gradient = ctx.gradient, None  # given away, so that it can be scaled in place
        if gradient is None:  # a second time through a retained graph
            gradient = _block_by_block(*ctx.saved_tensors, *ctx.how)[1]
        return gradient if scale == 1 else gradient.mul_(scale), None, None, None, None


def _block_by_block(
    logits: Tensor, target: Tensor, kernel: Kernel, elementwise: Elementwise, factor: float
) -> tuple[float, Tensor]:
    gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
    total = 0.0
    for x, t, slope in zip(*(part.reshape(-1).split(BLOCK) for part in (logits, target, gradient))):
        t = t.to(x.dtype)
        work = kernel if _hard(t) else _by_autograd(elementwise)
        total += float(work(x, t, slope))
        if factor != 1:
            slope.mul_(factor)
    return factor * total, gradient


def _hard(target: Tensor) -> bool:
    """Whether all targets are 0 or 1: none below 0, and none that its square falls short of."""
    return len(target) == 0 or bool(
        target.amin() >= 0 and torch.dot(target, target) == target.sum()
    )


def _by_autograd(elementwise: Elementwise) -> Kernel:
    def kernel(x: Tensor, t: Tensor, gradient: Tensor) -> Tensor:
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            total = elementwise(leaf, t).sum()
            gradient.copy_(torch.autograd.grad(total, leaf)[0])
        return total.detach()

    return kernel


def hill_kernel(
    x: Tensor, t: Tensor, gradient: Tensor, *, lamb: float, margin: float, gamma: float
) -> Tensor:
    """Of :func:`~mmpretrain_mlml.losses.functional.hill_loss`."""
    p, q = torch.sigmoid(x), torch.neg(x).sigmoid_()
    square = p * p
    torch.mul(q, 3, out=gradient).add_(2 * lamb - 3).mul_(q).mul_(square)  # (2 lamb - 3p) p^2 q
    height = torch.rsub(p, lamb)
    marked = torch.from_numpy(np.flatnonzero(t.numpy() != 0))
    if 8 * len(marked) > len(t):  # too many to pick out
        log_p, weight, slope = _focal(torch.rsub(x, margin), gamma)
        gradient.lerp_(slope.neg_(), t)
        return height.mul_(square).lerp_(log_p.mul_(weight).neg_(), t).sum()
    log_p, weight, slope = _focal(x[marked].neg_().add_(margin), gamma)
    gradient.index_copy_(0, marked, slope.neg_())
    return torch.dot(height, square.index_fill_(0, marked, 0)) - torch.dot(log_p, weight)


def splc_kernel(
    x: Tensor,
    t: Tensor,
    gradient: Tensor,
    *,
    correct: bool,
    tau: float,
    margin: float,
    gamma: float,
) -> Tensor:
    """Of :func:`~mmpretrain_mlml.losses.functional.splc_loss`.

    One focal term serves all, at the logit of the wrong answer: ``x``, or ``-x`` for what is marked
    (``up`` is 1) or corrected.
    """
    up = t
    if correct:  # 1 where the probability lies strictly above tau
        up = torch.threshold_(torch.sigmoid(x), tau, 0.0).ceil_()
        torch.maximum(up, t, out=up)
    wrong = torch.addcmul(x, x, up, value=-2).add_(t, alpha=margin)
    log_p, weight, slope = _focal(wrong, gamma)
    torch.addcmul(slope, slope, up, value=-2, out=gradient)
    return torch.dot(log_p, weight).neg_()


def _focal(wrong: Tensor, gamma: float) -> tuple[Tensor, Tensor, Tensor]:
    """At w = sigmoid(wrong), p = 1 - w: log p, w^gamma, and the derivative of -w^gamma log p.

    Overwrites its argument.
    """
    w = torch.sigmoid(wrong)
    p = torch.rsub(w, 1)
    # log p = log sigmoid(|wrong|) - max(wrong, 0), and sigmoid(|wrong|) = 1 - min(w, p)
    log_p = _log1p_(torch.minimum(w, p).neg_()).sub_(wrong.clamp_(min=0))
    weight = torch.pow(w, gamma, out=wrong)
    return log_p, weight, torch.addcmul(w, p, log_p, value=-gamma, out=w).mul_(weight)


def _log1p_(x: Tensor) -> Tensor:
    np.log1p(x.numpy(), out=x.numpy())  # takes half of torch's time where numpy is vectorised
    return x
