"""What a run is: its data, loss, network, optimiser, schedule and lengths, compact and comparable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mmengine.dist import get_world_size
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, Runner

from .epochs import iters_per_pass
from .type_name import type_name

Identity = dict[str, dict[str, Any]]
_SHOWN = 60  # characters of a value in a message
_UNSET = 'unset'
# Parts whose change cannot be meant by resuming: there is no state to continue from.
_FIXED = {('optimiser', 'type'), ('data', 'classes'), ('lengths', 'loop')}
_DIGESTS = 'image_names', 'labels', 'class_names'


class OtherRunError(ValueError):
    """A checkpoint of another run, from which this one cannot resume. The message names both sides."""


class Lengths(NamedTuple):
    """The numbers on which the length of an epoch depends.

    Attributes:
        images: Images in the training set.
        batch: Images in an iteration of a process.
        processes: Number of processes.
        accumulated: Iterations in an optimiser update.
        iterations: Iterations of a process in an epoch, or in a pass under an iteration based loop.
    """

    images: int
    batch: int
    processes: int
    accumulated: int
    iterations: int

    def __str__(self) -> str:
        return (
            f'{self.iterations} iterations an epoch (images: {self.images}, batch size: {self.batch}, '
            f'processes: {self.processes}, accumulated iterations: {self.accumulated})'
        )


def describe_run(
    runner: Runner, data: Mapping[str, Any], validation: Mapping[str, Any]
) -> Identity:
    """Return the identity of a run, of plain values that a checkpoint may hold.

    Args:
        runner: Runner that has built its loop and its optimiser.
        data: What the run trains on, as ``datasets.digest.describe_data`` returns it.
        validation: The same for what it is validated on; empty if it is not.
    """
    model = runner.cfg.get('model')
    model = model if isinstance(model, Mapping) else {}
    head = model.get('head') or {}
    parts = {
        name: type_name(model[name]) for name in ('backbone', 'neck', 'head') if model.get(name)
    }
    loss = head.get('loss') if isinstance(head, Mapping) else None
    return {
        'data': _plain(data),
        'validation': _plain(validation),
        'loss': _plain(loss or {}),
        'network': _plain(parts),
        'optimiser': _optimiser(runner),
        'schedule': {str(n): s for n, s in enumerate(_schedule(runner))},
        'lengths': {'loop': type(runner.train_loop).__name__, **lengths(runner)._asdict()},
    }


def lengths(runner: Runner) -> Lengths:
    """Return the lengths of a run whose training loop is built."""
    loader = runner.train_dataloader
    return Lengths(
        images=len(loader.dataset),
        batch=getattr(loader.batch_sampler, 'batch_size', loader.batch_size) or 1,
        processes=get_world_size(),
        accumulated=max(getattr(w, '_accumulative_counts', 1) for w in wrappers(runner).values()),
        iterations=iters_per_pass(runner) or len(loader),
    )


def read_lengths(identity: Mapping[str, Any]) -> Lengths | None:
    """Return the lengths in the identity of a checkpoint; None unless all are positive integers."""
    part = identity.get('lengths')
    part = part if isinstance(part, Mapping) else {}
    numbers = [n for n in map(part.get, Lengths._fields) if type(n) is int and n > 0]
    return Lengths(*numbers) if len(numbers) == len(Lengths._fields) else None


def wrappers(runner: Runner) -> dict[str, OptimWrapper]:
    """Return the optimiser wrappers of a runner by name; a single one has the name ``''``."""
    wrapper: Any = runner.optim_wrapper
    return dict(wrapper.items()) if hasattr(wrapper, 'optim_wrappers') else {'': wrapper}


def fixed_differences(before: Mapping[str, Any], now: Identity) -> list[str]:
    """Return what differs between two runs and cannot be continued, one text each."""
    return [
        f'{_NAMES[part, key]} {_show(a)} before, {_show(b)} now'
        for part, key, a, b in _compare(before, now)
        if (part, key) in _FIXED
    ]


def differences(before: Mapping[str, Any], now: Identity) -> list[str]:
    """Return what differs between two runs and can be meant, one text each.

    Data are the same if their digests are. Lengths are not compared: see ``resumed_position``.
    """
    texts: dict[str, list[str]] = {}
    for part, key, a, b in _compare(before, now):
        if (part, key) not in _FIXED and part != 'lengths':
            texts.setdefault(part, []).append(f'{key} {_show(a)} before, {_show(b)} now')
    for part in {'data', 'validation'} & texts.keys():
        digests = [key for key in _DIGESTS if key in before[part] and key in now[part]]
        if digests and all(before[part][key] == now[part][key] for key in digests):
            del texts[part]
    return [f'{part}: {"; ".join(found)}' for part, found in texts.items()]


_NAMES = {
    ('optimiser', 'type'): 'optimiser',
    ('data', 'classes'): 'number of classes',
    ('lengths', 'loop'): 'training loop',
}


def _compare(before: Mapping[str, Any], now: Identity) -> Iterator[tuple[str, str, Any, Any]]:
    """Yield part, key and both values where they differ.

    Keys that only one side has are compared for parts that come from the config, where a key without
    a value is a default. Where the type of a part differs, its settings are not compared.
    """
    for part, values in now.items():
        other = before.get(part)
        if not isinstance(other, Mapping):
            continue
        if part == 'schedule':
            yield from _compare_schedules(other, values)
            continue
        keys = [*values, *(key for key in other if key not in values)]
        if part not in ('loss', 'network'):
            keys = [key for key in keys if key in values and key in other]
        if part in ('loss', 'optimiser') and other.get('type') != values.get('type'):
            keys = ['type']
        for key in keys:
            a, b = other.get(key, _UNSET), values.get(key, _UNSET)
            if a != b:
                yield part, str(key), a, b


def _compare_schedules(
    before: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[tuple[str, str, Any, Any]]:
    for number in sorted({*before, *now}):
        a, b = before.get(number), now.get(number)
        if isinstance(a, Mapping) and isinstance(b, Mapping) and a.get('type') == b.get('type'):
            for key in sorted({*a, *b}):
                if a.get(key, _UNSET) != b.get(key, _UNSET):
                    name = f'{b.get("type")}.{key}'
                    yield 'schedule', name, a.get(key, _UNSET), b.get(key, _UNSET)
        elif a != b:
            yield 'schedule', number, a, b


def _optimiser(runner: Runner) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for name, wrapper in wrappers(runner).items():
        optimizer = wrapper.optimizer
        one = {
            'type': type(optimizer).__name__,
            'wrapper': type(wrapper).__name__,
            'clip_grad': wrapper.clip_grad_kwargs,
            **optimizer.defaults,
        }
        described |= {f'{name}.{key}' if name else key: value for key, value in one.items()}
    return _plain(described)


def _schedule(runner: Runner) -> list[dict[str, Any]]:
    """Return the configs of the schedules, each with the end that MMEngine gives it by default."""
    configs = runner.cfg.get('param_scheduler') or []
    if isinstance(configs, Mapping) and 'type' not in configs:  # for each optimiser
        configs = [{'optimiser': name, **c} for name, cs in configs.items() for c in _list(cs)]
    described = []
    for config in _list(configs):
        if isinstance(config, Mapping):
            loop = runner.train_loop
            epochs = isinstance(loop, EpochBasedTrainLoop)
            end = f'{loop.max_epochs} epochs' if epochs else loop.max_iters
            if epochs and config.get('by_epoch', True):
                end = loop.max_epochs
            described.append(_plain({'end': end, **config}))
    return described


def _list(configs: Any) -> Sequence[Any]:
    return configs if isinstance(configs, (list, tuple)) else [configs]


def _plain(value: Any) -> Any:
    """Return a value as dicts, lists, numbers and strings, with types by their last name."""
    if isinstance(value, Mapping):
        return {
            str(key): type_name(value) if key == 'type' else _plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _show(value: Any) -> str:
    """Return a value of a checkpoint for a message: in one line, without control characters."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f'{text[: _SHOWN - 3]}...'
