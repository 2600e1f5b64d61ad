"""Schedules that are moved to the place where a run of the current numbers would have them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

from mmengine.optim import _ParamScheduler
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

# State of a scheduler that changes from step to step; all else is its shape.
_MOVING = {'last_step', '_global_step', '_last_value', 'verbose'}
_MOVING |= {'best', 'num_bad_epochs', 'cooldown_counter'}  # of ReduceOnPlateau


def same_shape(schedulers: Sequence[_ParamScheduler], states: Sequence[dict[str, Any]]) -> bool:
    """Return whether schedules, as built, have the shape of those in a checkpoint."""
    if len(schedulers) != len(states):
        return False
    for scheduler, state in zip(schedulers, states, strict=True):
        built = scheduler.state_dict()
        keys = (built.keys() & state.keys()) - _MOVING
        if any(not callable(built[key]) and built[key] != state[key] for key in keys):
            return False
    return True


def needs_scores(schedulers: Sequence[_ParamScheduler]) -> bool:
    """Return whether a schedule depends on the scores of validations, which are not repeated."""
    return any(getattr(scheduler, 'need_val_args', False) for scheduler in schedulers)


def replay(
    schedulers: Sequence[_ParamScheduler],
    epochs: int,
    iterations: int,
    rest: int,
    updates: Callable[[int, int], bool],
) -> None:
    """Take schedules, as built, through the steps that a training has made so far.

    The order is that of MMEngine's ``ParamSchedulerHook``. The learning rates and momenta of the
    optimiser follow.

    Args:
        schedulers: Schedules of one optimiser that have made no step.
        epochs: Number of whole epochs.
        iterations: Iterations of an epoch.
        rest: Iterations after the last whole epoch.
        updates: Whether the iteration with this index, in the epoch with this index, is the last of
            an optimiser update; both 0-based.
    """
    by_epoch = [scheduler for scheduler in schedulers if scheduler.by_epoch]
    with _early_steps():
        if all(isinstance(s, OneCycleParamScheduler) and s.begin == 0 for s in schedulers):
            batches = [(e, i) for e in range(epochs) for i in range(iterations)]
            ends = [updates(*batch) for batch in [*batches, *((epochs, i) for i in range(rest))]]
            for scheduler in schedulers:
                counts_updates = getattr(scheduler, 'counts_updates', False)
                steps = sum(ends) if counts_updates else len(ends)
                _jump_to(scheduler, epochs if scheduler.by_epoch else steps)
            return
        for epoch in range(epochs + 1):
            for index in range(rest if epoch == epochs else iterations):
                _step_iteration(schedulers, updates(epoch, index))
            for scheduler in by_epoch if epoch < epochs else ():
                scheduler.step()


def jump(schedulers: Sequence[_ParamScheduler], before: list[dict[str, Any]], ratio: float) -> str:
    """Return how the values of replayed schedules differ from those in a checkpoint; '' if not.

    Two schedules of one form over T and r T steps, whose last value is reached at T - 1 and r T - 1,
    differ at the same progress: the shorter one is ahead by up to r - 1 of the steps of the longer
    one. The values are compared in relation to those at the start of the training, which
    ``--auto-scale-lr`` changes with the batch size.

    Args:
        schedulers: Schedules of one optimiser, replayed.
        before: Parameter groups of the optimiser in the checkpoint.
        ratio: Steps of an epoch now, divided by those before.
    """
    groups = schedulers[0].optimizer.param_groups
    steps = math.ceil(max(1.0, ratio))
    for name in sorted({scheduler.param_name for scheduler in schedulers}):
        rows = _values_ahead(schedulers, name, steps)
        for index, (group, old) in enumerate(zip(groups, before, strict=False)):
            values = [row[index] for row in rows]
            start, old_start = (g.get(f'initial_{name}') for g in (group, old))
            scale = start / old_start if start and old_start else 1.0
            expected = old[name] * scale
            changes = [abs(a - b) for a, b in pairwise(values)]
            largest = max(changes, default=0.0)
            slack = largest + 1e-6 * max(map(abs, values))
            if not min(values) - slack <= expected <= max(values) + slack:
                return f'{name} {values[0]:.3g} instead of {expected:.3g}'
    return ''


def scheduled_keys(schedulers: Sequence[_ParamScheduler]) -> set[str]:
    """Return the keys of parameter groups that schedules of one optimiser read or set."""
    keys = set()
    for scheduler in schedulers:
        name = scheduler.param_name
        keys |= {name, f'initial_{name}', f'max_{name}', f'min_{name}'}
        if name == 'momentum' or hasattr(scheduler, 'base_momentum'):
            keys |= {'momentum', 'betas'}
    return keys


def updates_of(accumulated: int, iterations: int, whole_epochs: bool) -> Callable[[int, int], bool]:
    """Return which iterations end an optimiser update, for :func:`replay`.

    Args:
        accumulated: Iterations in an update.
        iterations: Iterations of an epoch.
        whole_epochs: Whether the last update of an epoch ends with it.
    """

    def ends(epoch: int, index: int) -> bool:
        if whole_epochs:
            return (index + 1) % accumulated == 0 or index + 1 == iterations
        return (epoch * iterations + index + 1) % accumulated == 0

    return ends


def _jump_to(scheduler: OneCycleParamScheduler, steps: int) -> None:
    """Make many steps of a one-cycle at once: its values depend on the last step alone."""
    last = min(steps, scheduler.end - 1)
    if last:
        scheduler.last_step = scheduler._global_step = last - 1
        scheduler.step()
    scheduler._global_step = steps


def _step_iteration(schedulers: Sequence[_ParamScheduler], update: bool) -> None:
    for scheduler in schedulers:
        counts_updates = getattr(scheduler, 'counts_updates', False)
        if not scheduler.by_epoch and (update or not counts_updates):
            scheduler.step()


def _values_ahead(
    schedulers: Sequence[_ParamScheduler], name: str, steps: int
) -> list[list[float]]:
    """Return the values of a parameter, by group, now and in the next steps; nothing is changed."""
    groups = schedulers[0].optimizer.param_groups
    saved = [dict(scheduler.__dict__) for scheduler in schedulers], [dict(g) for g in groups]
    rows = [[group[name] for group in groups]]
    with _early_steps(), suppress(ValueError):  # OneCycleLR refuses steps beyond its last
        for _ in range(steps):
            _step_iteration(schedulers, update=True)
            rows.append([group[name] for group in groups])
    for scheduler, state in zip(schedulers, saved[0], strict=True):
        scheduler.__dict__.update(state)
    for group, state in zip(groups, saved[1], strict=True):
        group.update(state)
    return rows


@contextmanager
def _early_steps() -> Iterator[None]:
    """Let schedulers make steps before the optimiser has made one, of which MMEngine warns."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Detected call of `scheduler.step')
        yield
