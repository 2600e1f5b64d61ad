"""Statistics of a batch that is distributed over several processes.

Every function is collective: all processes must call it, equally often. In one process it costs
nothing.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def total(value: Tensor) -> Tensor:
    """Return the sum over all processes.

    Its gradient is summed over them, too: each process has the whole sum in its loss, and so each
    contributes to the gradient of an entry.
    """
    summed: Tensor = _Total.apply(value) if _is_distributed() else value
    return summed


def total_count(count: int, like: Tensor) -> int:
    """Return the sum of a number over all processes; several wait for the device of ``like``."""
    if not _is_distributed():
        return count
    return int(total(like.new_full((), count, dtype=torch.float64)).item())


def largest(value: Tensor) -> Tensor:
    """Return the elementwise maximum over all processes, detached."""
    value = value.detach()
    if _is_distributed():
        value = value.clone()
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
    return value


def kth_largest(values: Tensor, k: int) -> Tensor:
    """Return the k-th largest of the values of all processes, or the smallest if there are fewer.

    Args:
        values: One-dimensional, finite; detached.
        k: Rank, >= 1, equal in all processes.
    """
    top = values.detach().topk(min(k, len(values))).values
    if _is_distributed():
        filled = values.new_full((k,), float('-inf'))
        filled[: len(top)] = top
        parts = [torch.empty_like(filled) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, filled)
        every = torch.cat(parts)
        top = every.topk(k).values
        last = (every > float('-inf')).sum().clamp(max=k) - 1  # -1 if there is no value at all
        return torch.where(last < 0, float('inf'), top.gather(0, last.clamp(min=0)[None])[0])
    return top[-1] if len(top) else values.new_full((), float('inf'))


def gathered(rows: Tensor) -> Tensor:
    """Return the rows of all processes, concatenated and detached; each may hold any number."""
    rows = rows.detach()
    if not _is_distributed():
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


def _is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1
