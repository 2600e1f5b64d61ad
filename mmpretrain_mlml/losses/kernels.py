"""Sum and gradient of a loss in one pass over the logits, in blocks that stay in the cache.

Written naively, a loss of several terms makes a dozen passes over memory forward and as many
backward. Here each block of logits is worked through once, gradient included. The formulas are those
of :mod:`~mmpretrain_mlml.losses.functional`, which stays the definition; what is added is their
derivative. A test compares every kernel with it, value and gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 1 << 16  # entries: a few float32 blocks of this size fit into a core's cache

# From logits and targets of a block, all targets 0 or 1, to its summed loss and its gradient, which
# it writes into the third argument.
Kernel = Callable[[Tensor, Tensor, Tensor], Tensor]
Elementwise = Callable[[Tensor, Tensor], Tensor]


def summed(logits: Tensor, target: Tensor, kernel: Kernel, elementwise: Elementwise) -> Tensor:
    """The sum of a loss over all entries, differentiable once.

    Args:
        logits: (N, C), float32 or float64.
        target: (N, C) of the same dtype; blocks with other values than 0 and 1 go through
            ``elementwise``.
        kernel: Of the loss.
        elementwise: Its definition, (n,) and (n,) to (n,).
    """
    return _Summed.apply(logits, target, kernel, elementwise)


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, target: Tensor, kernel: Kernel, elementwise: Elementwise
    ) -> Tensor:
        flat, flat_target = logits.reshape(-1), target.reshape(-1)
        gradient = torch.empty_like(flat)
        total = 0.0
        for start in range(0, len(flat), BLOCK):
            block = slice(start, start + BLOCK)
            x, t = flat[block], flat_target[block]
            work = kernel if _hard(t) else _by_autograd(elementwise)
            total += float(work(x, t, gradient[block]))
        ctx.save_for_backward(gradient.view(logits.shape))
        return logits.new_tensor(total)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * scale, None, None, None


def _hard(target: Tensor) -> bool:
    """Whether all targets are 0 or 1: none below 0, and none that its square falls short of."""
    return bool(target.amin() >= 0) and bool(torch.dot(target, target) == target.sum())


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
    p, q = torch.sigmoid(x), torch.sigmoid(-x)
    square = p * p
    negative = (lamb - p).mul_(square)
    push = q.mul(3).add_(2 * lamb - 3).mul_(q).mul_(square)  # (2 lamb - 3 p) p^2 (1 - p)
    log_p, weight, rest = _focal(x - margin, gamma)
    positive = (weight * log_p).neg_()
    torch.lerp(push, _slope(log_p, weight, rest, gamma), t, out=gradient)
    return negative.lerp_(positive, t).sum()


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

    One focal term serves all: it pushes up what is marked or corrected, and down what is not.
    """
    up = torch.add(t, t).sub_(1)  # 1 or -1
    if correct:
        unsure = torch.sigmoid(x).neg_().add_(tau)  # not below 0: no correction at tau itself
        torch.maximum(up, torch.copysign(_one(x), unsure).neg_(), out=up)
    log_p, weight, rest = _focal((x * up).sub_(t, alpha=margin), gamma)
    total = torch.dot(weight, log_p).neg_()
    torch.mul(_slope(log_p, weight, rest, gamma), up, out=gradient)
    return total


def _focal(v: Tensor, gamma: float) -> tuple[Tensor, Tensor, Tensor]:
    """The logarithm of p, (1 - p)^gamma and 1 - p at p = sigmoid(v)."""
    q = torch.sigmoid(-v)
    return F.logsigmoid(v), q * q if gamma == 2 else q**gamma, q


def _slope(log_p: Tensor, weight: Tensor, q: Tensor, gamma: float) -> Tensor:
    """The derivative of -(1 - p)^gamma log p by the logit; overwrites log_p."""
    return log_p.mul_(1 - q).mul_(gamma).sub_(q).mul_(weight)


def _one(like: Tensor) -> Tensor:
    return torch.ones((), dtype=like.dtype, device=like.device)
