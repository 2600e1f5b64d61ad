from __future__ import annotations

import functools
from typing import Any

from mmengine.dist import get_world_size
from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmpretrain.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS
from torch import Tensor, nn

from .joint_steps import step_jointly


class SummedGradients:
    """Mixin of an ``OptimWrapper`` that sums the gradients of an update instead of averaging them.

    With a loss of ``reduction='sum'`` an update has the gradient of the sum over all its images,
    whether they come as one batch, from several processes, or accumulated over iterations. (MMEngine
    averages over processes and accumulated iterations.)

    If the length of the epoch is known (:meth:`begin_epoch`), its last update ends with it, so that
    accumulation makes the same updates as a large batch. Otherwise updates run across epochs.
    """

    _accumulative_counts: int  # an attribute of OptimWrapper
    _epoch: tuple[int, int] | None = None  # iteration counts at its start and its end

    def begin_epoch(self, length: int, done: int = 0) -> None:
        """Begin an epoch.

        Args:
            length: Number of iterations in the epoch.
            done: Number of them that were done before the run was resumed.
        """
        start = self._inner_count - done
        self._epoch = start, start + length

    def scale_loss(self, loss: Tensor) -> Tensor:
        return loss * get_world_size()  # DistributedDataParallel divides by it

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
    """Builds the configured optimiser wrapper so that it sums gradients (:class:`SummedGradients`).

    As a constructor it works with any wrapper, also with the one that ``--amp`` selects::

        optim_wrapper = dict(
            type='OptimWrapper',
            constructor='mmpretrain_mlml.SummedGradientsConstructor',
            optimizer=dict(type='Adam', lr=1e-4),
        )

    Args:
        optim_wrapper_cfg: Config of the wrapper, as for ``DefaultOptimWrapperConstructor``.
        paramwise_cfg: Settings by parameter, as for ``DefaultOptimWrapperConstructor``.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        wrapper = optim_wrapper_cfg.get('type', OptimWrapper)
        if isinstance(wrapper, str):
            wrapper = OPTIM_WRAPPERS.get(wrapper)
        super().__init__({**optim_wrapper_cfg, 'type': _summing(wrapper)}, paramwise_cfg)

    def __call__(self, model: nn.Module) -> OptimWrapper:
        wrapper = super().__call__(model)
        # MMEngine's are ConfigDicts, which are slow to read and which torch.compile cannot trace.
        groups = wrapper.optimizer.param_groups
        groups[:] = [dict(group) for group in groups]
        step_jointly(wrapper.optimizer)
        return wrapper


@functools.cache
def _summing(wrapper: type) -> Any:
    return type(f'Summed{wrapper.__name__}', (SummedGradients, wrapper), {})
