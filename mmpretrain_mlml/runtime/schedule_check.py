"""Check that the schedule of the learning rate is as long as the training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config

_DECAYING = 'OneCycle', 'CosineAnnealing', 'CosineRestart', 'Poly'  # beginnings of their names


def check_schedule(cfg: Config) -> str | None:
    """Return a warning if the schedules end, at a low learning rate, before the training does.

    Schedules that do not lower the learning rate, such as a warm-up, are no problem, and neither is a
    training that stops before its schedule ends.
    """
    early: list[tuple[int, int, str, str, Mapping[str, Any]]] = []
    for place, scheduler in _schedulers(cfg.get('param_scheduler')):
        if not _decays(scheduler):
            continue
        length, unit = _training(cfg, scheduler.get('by_epoch', True))
        end = _end(scheduler)
        if length is None or end is None or end >= length:
            return None
        early.append((end, length, unit, place, scheduler))
    if not early:
        return None
    end, length, unit, place, scheduler = max(early, key=lambda schedule: schedule[0])
    keys = [key for key in ('T_max', 'total_steps', 'end') if scheduler.get(key) is not None]
    changes = ' '.join(f'{place}.{key}={length}' for key in keys)
    return (
        f'the schedule {_name(scheduler)} ends after {end} of {length} {unit}: the other '
        f'{length - end} train at its last learning rate, which may be next to 0. To stretch the '
        f'schedule: --cfg-options {changes}'
    )


def _schedulers(schedulers: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schedulers, Mapping):
        schedulers, places = [schedulers], ['param_scheduler']
    elif isinstance(schedulers, Sequence):
        places = [f'param_scheduler.{index}' for index in range(len(schedulers))]
    else:
        return
    for place, scheduler in zip(places, schedulers, strict=True):
        if isinstance(scheduler, Mapping) and 'type' in scheduler:  # else one for each optimiser
            yield place, scheduler


def _decays(scheduler: Mapping[str, Any]) -> bool:
    name = _name(scheduler)
    if scheduler.get('eta_min') or scheduler.get('eta_min_ratio'):  # a chosen learning rate remains
        return False
    if name.startswith('Linear'):
        return scheduler.get('end_factor', 1.0) < scheduler.get('start_factor', 1 / 3)
    return name.startswith(_DECAYING)


def _name(scheduler: Mapping[str, Any]) -> str:
    kind = scheduler['type']
    return getattr(kind, '__name__', str(kind)).split('.')[-1]


def _training(cfg: Config, by_epoch: bool) -> tuple[int | None, str]:
    """Return the length of the training, None if it has another unit than the schedule."""
    train = cfg.get('train_cfg') or {}
    if by_epoch:
        return train.get('max_epochs'), 'epochs'
    iters = train.get('max_iters')
    accumulated = (cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    return iters and iters // accumulated, 'updates'


def _end(scheduler: Mapping[str, Any]) -> int | None:
    ends = (scheduler.get(key) for key in ('total_steps', 'end'))
    return min((end for end in ends if isinstance(end, int)), default=None)
