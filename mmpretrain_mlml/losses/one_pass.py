"""Sum and gradient of a loss in one pass over the logits.

Written naively, a loss of several terms makes a dozen passes over memory forward and as many backward.
Here the gradient is computed together with the loss: on the CPU in blocks that stay in the cache,
under a compiler or on a GPU in one piece. The formulas remain the definition; a loss adds their
derivative. Tests compare every one-pass gradient with its formula, value and gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .class_weights import NO_FACTORS, Factors

BLOCK = 1 << 18  # entries: large enough to hide the calls, small enough for the cache


# Arguments: logits; targets; the tensor that takes the gradient, all three whole rows, flattened; the
# factors; whether the code may branch on values, which breaks a compiled graph and makes a GPU wait.
# Returns the summed loss. Where it may branch it checks the targets, as `slopes.positives` does.
OnePass = Callable[[Tensor, Tensor, Tensor, Factors, bool], Tensor]


def sum_in_one_pass(
    logits: Tensor,
    target: Tensor,
    one_pass: OnePass,
    factors: Factors = NO_FACTORS,
    scale: float | Tensor = 1.0,
) -> Tensor:
    """Return the sum of a loss over all entries, differentiable once.

    On the CPU it allocates the gradient and a few blocks, nothing else.

    Args:
        logits: Shape (N, C), float32 or float64.
        target: Shape (N, C): 0, 1, -1 (unknown, no cost) or, interpolated, between 0 and 1.
        one_pass: Sum and gradient of the loss.
        factors: Factors on the costs by class.
        scale: Factor on the result.
    """
    if logits.device.type != 'cpu' or torch.compiler.is_compiling():
        target = target.to(logits.dtype)
        total: Tensor = _InOnePiece.apply(logits, target, one_pass, factors.absent, factors.present)
        return scale * total
    total = _InBlocks.apply(logits, target, one_pass, factors, float(scale))
    return total


class _InOnePiece(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        target: Tensor,
        one_pass: OnePass,
        absent: Tensor | None,
        present: Tensor | None,
    ) -> Tensor:
        gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
        rows = logits.reshape(-1), target.reshape(-1), gradient.view(-1)
        total = one_pass(*rows, Factors(absent, present), False)
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        return ctx.saved_tensors[0] * scale, None, None, None, None


class _InBlocks(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        target: Tensor,
        one_pass: OnePass,
        factors: Factors,
        scale: float,
    ) -> Tensor:
        ctx.arguments = one_pass, factors, scale
        ctx.save_for_backward(logits, target)
        total, ctx.gradient = _block_by_block(logits, target, one_pass, factors, scale)
        return logits.new_tensor(total)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        gradient, ctx.gradient = (
            ctx.gradient,
            None,
        )  # handed over, so that it can be scaled in place
        if gradient is None:  # a second backward through a retained graph
            gradient = _block_by_block(*ctx.saved_tensors, *ctx.arguments)[1]
        return gradient if scale.item() == 1 else gradient.mul_(scale), None, None, None, None


def _block_by_block(
    logits: Tensor, target: Tensor, one_pass: OnePass, factors: Factors, scale: float
) -> tuple[float, Tensor]:
    gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
    total = 0.0
    flat = [part.reshape(-1) for part in (logits, target, gradient)]
    blocks: Iterable[Sequence[Tensor]] = [flat]
    if logits.numel() > BLOCK:
        size = max(BLOCK // logits.size(1), 1) * logits.size(1)  # whole rows
        blocks = zip(*(torch.split(part, size) for part in flat))
    for x, t, slope in blocks:
        total += float(one_pass(x, t.to(x.dtype), slope, factors, True))
        if scale != 1:
            slope.mul_(scale)
    return scale * total, gradient
