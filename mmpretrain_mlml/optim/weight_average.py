from __future__ import annotations

from typing import Any

import torch
from mmengine.model import ExponentialMovingAverage
from torch import Tensor, nn

BLOCK = 1 << 17  # numbers; as float32 they and those of the source, 1 MiB, stay in a core's cache


class ForeachAverage(ExponentialMovingAverage):
    """MMEngine's ``ExponentialMovingAverage``, computed for all tensors at once.

    Values, state and arguments are the same. On a GPU an update starts a few kernels instead of one
    for each of hundreds of tensors. On a CPU large tensors are averaged block by block, and their
    squares are summed while a block is in the cache: looking for NaN then reads no memory.

    Attributes:
        squares: Sums of squares, (), that the last update found on its way, by name of the tensor: of
            contiguous ones of more than ``BLOCK`` numbers in float32 or float64, on a CPU. A sum is
            not finite if a weight of the model or of the average is not, or if it is too large.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pairs: list[tuple[Tensor, Tensor]] = []
        self.squares: dict[str, Tensor] = {}

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        """Note a pair of tensors for :meth:`update_parameters`."""
        self._pairs.append((averaged_param, source_param))

    def update_parameters(self, model: nn.Module) -> None:
        """Average the weights of a model in.

        Args:
            model: Model that was copied when this average was made.
        """
        super().update_parameters(model)
        pairs, self._pairs = self._pairs, []
        self.squares = {}
        if not pairs:
            return
        names = [name for name, value in self.avg_parameters.items() if value.is_floating_point()]
        averages, sources = [], []
        for name, (average, source) in zip(names, pairs, strict=True):
            if _has_blocks(average, source):
                self.squares[name] = self._average_in_blocks(average.view(-1), source.view(-1))
            else:
                averages.append(average)
                sources.append(source)
        if averages:
            torch._foreach_lerp_(averages, sources, self.momentum)

    def _average_in_blocks(self, average: Tensor, source: Tensor) -> Tensor:
        """Average a tensor (n,), and return the sum of its squares, ()."""
        squares = average.new_zeros(())
        for own, new in zip(average.split(BLOCK), source.split(BLOCK), strict=True):
            squares += own.lerp_(new, self.momentum).dot(own)
        return squares


def _has_blocks(average: Tensor, source: Tensor) -> bool:
    if average.device.type != 'cpu' or average.numel() <= BLOCK:
        return False
    if average.dtype not in (torch.float32, torch.float64):  # sums of others overflow, or are slow
        return False
    return average.is_contiguous() and source.is_contiguous()
