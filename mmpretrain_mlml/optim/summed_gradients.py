from __future__ import annotations

import functools
from typing import Any

from mmengine.dist import get_world_size
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmpretrain.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS
from torch import Tensor, nn


class SummedGradients:
    """Mixin of an ``OptimWrapper``: gradients of one update are added up, never averaged.

    With a loss of ``reduction='sum'`` an update then has the gradient of the plain sum over all images
    that take part in it, whether they came as one batch, through several processes, or accumulated
    over iterations. (MMEngine averages over the last two.)

    Where the epochs are known (:meth:`begin_epoch`), an update ends with its epoch, so that
    accumulating makes the same updates as a large batch; without, updates run across epochs.
    """

    _epoch: tuple[int, int] | None = None  # the counts at its start and its end

    def begin_epoch(self, length: int, done: int = 0) -> None:
        """Says that the next iteration is number ``done`` of ``length`` in an epoch."""
        start = self._inner_count - done
        self._epoch = start, start + length

    def scale_loss(self, loss: Tensor) -> Tensor:
        return loss * get_world_size()  # what DistributedDataParallel divides by

    def should_update(self) -> bool:
        return self._completes_update(self._inner_count)

    def should_sync(self) -> bool:
        return self._completes_update(self._inner_count + 1)

    def initialize_count_status(self, model: nn.Module, init_counts: int, max_counts: int) -> None:
        self._inner_count = init_counts
        self._max_counts = max_counts

    def _completes_update(self, count: int) -> bool:
        start, end = self._epoch or (0, self._max_counts)
        return (count - start) % self._accumulative_counts == 0 or count == end


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class SummedGradientsConstructor(DefaultOptimWrapperConstructor):
    """Builds the configured optimiser wrapper so that it adds gradients up (:class:`SummedGradients`).

    As a constructor it keeps its word for any wrapper, also the one that ``--amp`` puts in::

        optim_wrapper = dict(
            type='OptimWrapper',
            constructor='mmpretrain_mlml.SummedGradientsConstructor',
            optimizer=dict(type='Adam', lr=1e-4),
        )

    Args:
        optim_wrapper_cfg: As for MMEngine's ``DefaultOptimWrapperConstructor``.
        paramwise_cfg: As there.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        wrapper = optim_wrapper_cfg.get('type', OptimWrapper)
        if isinstance(wrapper, str):
            wrapper = OPTIM_WRAPPERS.get(wrapper)
        super().__init__({**optim_wrapper_cfg, 'type': _summing(wrapper)}, paramwise_cfg)


@functools.cache
def _summing(wrapper: type) -> Any:
    return type(f'Summed{wrapper.__name__}', (SummedGradients, wrapper), {})
