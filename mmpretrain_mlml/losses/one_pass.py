"""Sum and gradient of a loss in one pass over the logits.

Written naively, a loss of several terms makes a dozen passes over memory forward and as many backward.
Here the gradient is computed together with the loss, in blocks: on the CPU they stay in the cache, on
a GPU they bound the memory. Under a compiler, which fuses the passes, there is one block. The formulas
remain the definition; a loss adds their derivative. Tests compare every one-pass gradient with its
formula, value and gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .checks import readable
from .class_weights import NO_FACTORS, Factors

# Entries of a block, for each thread: large enough to hide the calls, small enough for the cache.
BLOCK = 1 << 17
# A block on a GPU has at least so many entries, and a sixth of all: few launches, and from six such
# blocks, of whole rows, on no more memory than torch's binary cross-entropy.
GPU_BLOCK = 1 << 18


# Arguments: logits; targets; the tensor that takes the gradient, all three whole rows, flattened; the
# factors; whether the code may branch on values, which breaks a compiled graph and makes a GPU wait.
# Returns the summed loss. Where it may branch it checks the targets, as `slopes.positives` does.
OnePass = Callable[[Tensor, Tensor, Tensor, Factors, bool], 'Tensor | float']


def refuse_inherited(cls: type, default: Callable[..., Any], formula: set[str]) -> None:
    """Put `default` in the place of a method of this name whose formula a subclass has changed.

    Args:
        cls: Subclass.
        default: Method of the base class.
        formula: Names of the members that define the formula of the method.
    """
    name = default.__name__
    nearest = next(base for base in cls.__mro__ if {name, *formula} & vars(base).keys())
    if name not in vars(nearest):
        setattr(cls, name, default)


def sum_in_one_pass(
    logits: Tensor,
    target: Tensor,
    one_pass: OnePass,
    factors: Factors = NO_FACTORS,
    scale: float | Tensor = 1.0,
) -> Tensor:
    """Return the sum of a loss over all entries, differentiable once.

    Outside a compiler it allocates the gradient and a few blocks, nothing else.

    Args:
        logits: Shape (N, C), float32 or float64.
        target: Shape (N, C): 0, 1, -1 (unknown, no cost) or, interpolated, between 0 and 1.
        one_pass: Sum and gradient of the loss.
        factors: Factors on the costs by class.
        scale: Factor on the result.
    """
    if torch.compiler.is_compiling():
        target = target.to(logits.dtype)
        absent, present = factors.absent, factors.present
        if present is absent:  # a compiler takes no tensor twice
            present = None
        total: Tensor = _InOnePiece.apply(logits, target, one_pass, absent, present)
        return scale * total
    if logits.is_cpu:
        scale = float(scale)
    total = _InBlocks.apply(logits, target, one_pass, factors, scale)
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
    ) -> Tensor | float:
        gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
        rows = logits.reshape(-1), target.reshape(-1), gradient.view(-1)
        total = one_pass(*rows, Factors(absent, absent if present is None else present), False)
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
        scale: float | Tensor,
    ) -> Tensor:
        ctx.arguments = one_pass, factors, scale
        ctx.save_for_backward(logits, target)
        total, ctx.gradient = _block_by_block(logits, target, one_pass, factors, scale)
        return total if isinstance(total, Tensor) else logits.new_full((), total)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        # Handed over, so that it can be scaled in place.
        gradient, ctx.gradient = ctx.gradient, None
        if gradient is None:  # a second backward through a retained graph
            gradient = _block_by_block(*ctx.saved_tensors, *ctx.arguments)[1]
        if not (scale.is_cpu and scale.item() == 1):
            gradient.mul_(scale)
        return gradient, None, None, None, None


def _block_by_block(
    logits: Tensor, target: Tensor, one_pass: OnePass, factors: Factors, scale: float | Tensor
) -> tuple[float | Tensor, Tensor]:
    inspect_values = readable(logits)
    gradient = torch.empty_like(logits, memory_format=torch.contiguous_format)
    total: float | Tensor = 0.0
    flat = [part.reshape(-1) for part in (logits, target, gradient)]
    blocks: Iterable[Sequence[Tensor]] = [flat]
    if logits.numel() > BLOCK:
        entries = BLOCK * torch.get_num_threads()
        if not inspect_values:
            entries = max(GPU_BLOCK, logits.numel() // 6)
        size = max(entries // logits.size(1), 1) * logits.size(1)  # whole rows
        blocks = zip(*(torch.split(part, size) for part in flat))
    for x, t, slope in blocks:
        part = one_pass(x, t.to(x.dtype), slope, factors, inspect_values)
        total = total + (float(part) if inspect_values else part)
        if isinstance(scale, Tensor) or scale != 1:
            slope.mul_(scale)
    return scale * total, gradient
