from __future__ import annotations

from typing import Any

import torch
from mmengine.model import ExponentialMovingAverage
from torch import Tensor, nn


class ForeachAverage(ExponentialMovingAverage):
    """MMEngine's ``ExponentialMovingAverage``, computed for all tensors at once.

    Values, state and arguments are the same. On a GPU an update starts a few kernels instead of one
    for each of hundreds of tensors.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pairs: list[tuple[Tensor, Tensor]] = []

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
        if pairs:
            averages, sources = map(list, zip(*pairs, strict=True))
            torch._foreach_lerp_(averages, sources, self.momentum)
