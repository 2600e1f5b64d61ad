"""Check the parts of a config, each a dict with a ``type``, against what their classes take."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, TestLoop, ValLoop
from torch.utils.data import DataLoader

from .config_keys import ConfigError, read_keys, suggestion
from .part_arguments import arguments_of
from .registered import Candidate, RegisteredParts

_EVERYWHERE = {'type', '_scope_', '_delete_'}
# Read by the constructors of MMEngine and MMPretrain, which ignore anything else.
_PARAMWISE = {
    'base_lr', 'bias_decay_mult', 'bias_lr_mult', 'bypass_duplicate', 'custom_keys',
    'dcn_offset_lr_mult', 'decay_mult', 'dwconv_decay_mult', 'flat_decay_mult', 'layer_decay_rate',
    'norm_decay_mult',
}  # fmt: skip
_CONSTRUCTORS = (
    None, 'DefaultOptimWrapperConstructor', 'LearningRateDecayOptimWrapperConstructor',
    'mmpretrain_mlml.SummedGradientsConstructor',
)  # fmt: skip
_SCALING = {'base_batch_size', 'enable'}
_ENVIRONMENT = {'cudnn_benchmark', 'dist_cfg', 'mp_cfg', 'resource_limit'}
_SIMILAR_TYPE = 0.74  # of difflib; two letters swapped in a name of four have a ratio of 0.75


class Options(NamedTuple):
    """A dict of options without a type: its place, its keys, the known ones, and who reads it."""

    place: str
    keys: set[str]
    known: set[str]
    reader: str


def check_parts(cfg: Config) -> list[str]:
    """Refuse arguments of parts that their classes do not take.

    A name that several registries know is accepted if one of its classes takes the arguments. Classes
    that may take any argument are not checked, and neither are top-level keys that nothing reads.

    Returns:
        Warnings: options that are ignored and near to no known one.

    Raises:
        ConfigError: With the place, the class, the key and the nearest argument; or with an unknown
            ``type`` and the nearest registered one.
    """
    registered = RegisteredParts()
    for key in sorted(cfg.keys() & read_keys(), key=_order):
        for place, part in _parts(cfg[key], key):
            _check_part(place, part, registered)
    for place, keys, known, reader in _typeless_parts(cfg):
        _refuse_unknown(place, keys - known - _EVERYWHERE, known, reader)
    return [warning for options in _ignored_options(cfg) for warning in _warn_of_unknown(options)]


def _order(key: str) -> tuple[bool, str]:
    return key.startswith('test_'), key  # often the parts of validation: these are named first


def _check_part(place: str, part: Mapping[str, Any], registered: RegisteredParts) -> None:
    candidates = registered.candidates(part['type'], place, part.get('_scope_'))
    if not candidates:
        _check_type(place, part['type'], registered)
        return
    refused = [_unknown(part, candidate) for candidate in candidates]
    if all(refused):
        unknown, candidate = min(
            zip(refused, candidates, strict=True), key=lambda pair: len(pair[0])
        )
        known = arguments_of(candidate.part) or ()
        _refuse_unknown(place, unknown, known, getattr(candidate.part, '__name__', part['type']))


def _unknown(part: Mapping[str, Any], candidate: Candidate) -> set[str]:
    arguments = arguments_of(candidate.part)
    if arguments is None:
        return set()
    return part.keys() - arguments - candidate.taken_out - _EVERYWHERE


def _check_type(place: str, name: Any, registered: RegisteredParts) -> None:
    """Refuse the name of a type if a registered one is near; others may be registered later."""
    asked = str(name).removeprefix('mmpretrain_mlml.')
    if '.' in asked:  # of a package that may not be installed here
        return
    by_lower = {known.lower(): known for known in registered.names(place)}
    near = difflib.get_close_matches(asked.lower(), by_lower, 1, _SIMILAR_TYPE)
    if near:
        found = by_lower[near[0]]
        raise ConfigError(f'{place}: no type {name!r} is registered; did you mean {found!r}?')


def _refuse_unknown(place: str, unknown: set[str], known: Any, who: str) -> None:
    if unknown:
        key = min(unknown)
        raise ConfigError(f'{place}: {who} has no argument {key!r}{suggestion(key, known)}')


def _parts(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the dicts with a type inside a value of the config, with their places."""
    if isinstance(value, Mapping):
        if isinstance(value.get('type'), str) or callable(value.get('type')):
            yield place, value
        children = list(value.items())
    elif isinstance(value, (list, tuple)):
        children = list(enumerate(value))
    else:
        return
    for key, child in children:
        yield from _parts(child, f'{place}.{key}')


def _typeless_parts(cfg: Config) -> Iterator[Options]:
    """Yield the dicts that are arguments of a class though they have no type."""
    by_epoch = (cfg.get('train_cfg') or {}).get('by_epoch', True)
    loop: Callable[..., Any] = EpochBasedTrainLoop if by_epoch else IterBasedTrainLoop
    parts: dict[str, tuple[Callable[..., Any], set[str]]] = {
        'train_cfg': (loop, {'by_epoch'}),
        'val_cfg': (ValLoop, set()),
        'test_cfg': (TestLoop, set()),
        'train_dataloader': (DataLoader, {'num_batch_per_epoch'}),
        'val_dataloader': (DataLoader, {'num_batch_per_epoch'}),
        'test_dataloader': (DataLoader, {'num_batch_per_epoch'}),
    }
    for key, (part, more) in parts.items():
        found = cfg.get(key)
        if isinstance(found, Mapping) and 'type' not in found:
            known = more | (arguments_of(part) or set())
            yield Options(key, set(found), known, part.__name__)


def _ignored_options(cfg: Config) -> Iterator[Options]:
    """Yield the dicts of which unknown keys are ignored."""
    wrapper = cfg.get('optim_wrapper') or {}
    paramwise = wrapper.get('paramwise_cfg') or {}
    if wrapper.get('constructor') in _CONSTRUCTORS:
        yield Options('optim_wrapper.paramwise_cfg', set(paramwise), _PARAMWISE, 'the optimiser')
    for key, known in (('env_cfg', _ENVIRONMENT), ('auto_scale_lr', _SCALING)):
        yield Options(key, set(cfg.get(key) or {}), known, 'the runner')


def _warn_of_unknown(options: Options) -> Iterator[str]:
    for key in sorted(options.keys - options.known - _EVERYWHERE):
        hint = suggestion(key, options.known)
        message = f'{options.place}: {options.reader} reads no {key!r}{hint}'
        if hint:
            raise ConfigError(message)
        yield message
