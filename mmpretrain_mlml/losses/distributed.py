"""Statistics of the whole batch where several processes hold a part of it each.

All are collective: every process must call them, equally often. In one process they cost nothing.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def total(value: Tensor) -> Tensor:
    """The sum over all processes.

    Its gradient is summed over them, too: each of them has the whole in its loss, and so each
    contributes to what an entry is to change.
    """
    return _Total.apply(value) if _several() else value


def largest(value: Tensor) -> Tensor:
    """The elementwise maximum over all processes, outside the gradient."""
    value = value.detach()
    if _several():
        value = value.clone()
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return value


def kth_largest(values: Tensor, k: int) -> Tensor:
    """The k-th largest of the values of all processes, or the smallest there is, outside the gradient.

    Args:
        values: One-dimensional.
        k: >= 1, the same in all processes.
    """
    top = values.detach().topk(min(k, len(values))).values
    if _several():
        filled = values.new_full((k,), float('-inf'))
        filled[: len(top)] = top
        parts = [torch.empty_like(filled) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, filled)
        top = torch.cat(parts)
        top = top[top > float('-inf')]
        top = top.topk(min(k, len(top))).values
    return top[-1] if len(top) else values.new_tensor(float('inf'))


def gathered(rows: Tensor) -> Tensor:
    """The rows of all processes below each other, outside the gradient; each may hold any number."""
    rows = rows.detach()
    if not _several():
        return rows
    lengths = [0] * dist.get_world_size()
    dist.all_gather_object(lengths, len(rows))
    filled = rows.new_zeros((max(lengths), *rows.shape[1:]))
    filled[: len(rows)] = rows
    parts = [torch.empty_like(filled) for _ in lengths]
    dist.all_gather(parts, filled)
    return torch.cat([part[:length] for part, length in zip(parts, lengths)])


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        value = value.clone()
        dist.all_reduce(value)
        return value

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        gradient = gradient.clone()
        dist.all_reduce(gradient)
        return gradient


def _several() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
