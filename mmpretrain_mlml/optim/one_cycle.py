from __future__ import annotations

import math
from typing import Any

from mmengine.optim import OneCycleLR
from mmpretrain.registry import PARAM_SCHEDULERS


@PARAM_SCHEDULERS.register_module()
class OneCycle(OneCycleLR):
    """MMEngine's ``OneCycleLR`` that also cycles the momentum, once per optimiser update.

    The schedule is that of ``torch.optim.lr_scheduler.OneCycleLR``: while the learning rate rises to
    ``eta_max``, the momentum (beta1 of the Adam family) falls from ``max_momentum`` to
    ``base_momentum``; then both return. Under gradient accumulation a step is an optimiser update, not
    an iteration, and an epoch has as many steps as updates.

    Args:
        optimizer: Optimiser, or MMEngine's wrapper of one.
        eta_max: Highest learning rate; by default that of the optimiser's config (scaled, under
            ``--auto-scale-lr``).
        base_momentum: Momentum at the highest learning rate, in [0, 1).
        max_momentum: Momentum at the start and the end of the cycle, in [0, 1).
        **kwargs: Other arguments of ``OneCycleLR``; ``three_phase`` is not supported.

    Raises:
        ValueError: If the optimiser has no momentum, if ``three_phase`` is set, or if the rise of the
            learning rate would take less than one step.

    Source: the schedule of the trainer released with arXiv 2112.07368.
    """

    counts_updates = True  # not iterations: see runtime.schedule_replay

    def __init__(
        self,
        optimizer: Any,
        eta_max: float | list[float] | None = None,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        **kwargs: Any,
    ) -> None:
        if kwargs.get('three_phase'):
            raise ValueError('OneCycle has two phases; use OneCycleLR for three_phase')
        if not any('betas' in group or 'momentum' in group for group in optimizer.param_groups):
            raise ValueError(
                f'OneCycle cycles the momentum, but {type(optimizer).__name__} has none; '
                'use OneCycleLR for the learning rate alone'
            )
        self.base_momentum = base_momentum
        self.max_momentum = max_momentum
        if eta_max is None:
            eta_max = [group['lr'] for group in optimizer.param_groups]
        try:
            super().__init__(optimizer, eta_max=eta_max, **kwargs)
        except ZeroDivisionError as error:
            raise ValueError(
                f'total_steps={self.total_steps} leaves no step for the rise of the learning rate '
                f'(pct_start={kwargs.get("pct_start", 0.3)}): train longer, or increase pct_start'
            ) from error

    @classmethod
    def build_iter_from_epoch(cls, optimizer: Any, *, epoch_length: int, **kwargs: Any) -> OneCycle:
        accumulated = getattr(optimizer, '_accumulative_counts', 1)
        updates = math.ceil(epoch_length / accumulated)
        return super().build_iter_from_epoch(optimizer=optimizer, epoch_length=updates, **kwargs)

    def step(self) -> None:
        """Advance by one update; do nothing while gradients are only accumulated."""
        accumulating = hasattr(self.optimizer, 'should_update')
        if accumulating and not self.by_epoch and not self.optimizer.should_update():
            return
        super().step()
        momentum = self._momentum()
        for group in self.optimizer.param_groups:
            if 'betas' in group:
                group['betas'] = (momentum, *group['betas'][1:])
            else:
                group['momentum'] = momentum

    def _momentum(self) -> float:
        top, end = (phase['end_step'] for phase in self._schedule_phases)
        if self.last_step <= top:
            return self.anneal_func(self.max_momentum, self.base_momentum, self.last_step / top)
        return self.anneal_func(
            self.base_momentum, self.max_momentum, (self.last_step - top) / (end - top)
        )
