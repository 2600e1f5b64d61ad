"""Checks of a study file by itself, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

_KINDS = {
    'base': str, 'losses': dict, 'labels': dict, 'seeds': list, 'labels_follow_seed': bool,
    'backbones': dict, 'images': list, 'only': list, 'options': dict, 'exceptions': dict,
}  # fmt: skip
_NEEDED = 'base', 'losses', 'labels', 'seeds'
_NOT_EMPTY = 'backbones', 'images', 'only'
_CHOICES = {'reference': 'losses', 'full': 'labels'}
KEYS = (*_KINDS, *_CHOICES)
_SEEDS = 2**32  # numpy takes smaller seeds only


def check_content(path: Path, content: Mapping[str, Any]) -> None:
    """Check keys and values of a study file.

    Raises:
        ValueError: If a key is unknown or missing, or a value is not what is expected there.
    """
    for problem in _problems(content):
        raise ValueError(f'{path}: {problem}')


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise ValueError if two runs would share a folder."""
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f'{path}: names of losses and labels make several runs called {twins}')


def _problems(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield problems; only the first counts, as those after it may be its consequences."""
    unknown = sorted(set(content) - set(KEYS))
    if unknown:
        yield f'unknown keys {unknown}; expected some of {list(KEYS)}'
    for key, kind in _KINDS.items():
        value = content.get(key)
        if key in _NEEDED and (not isinstance(value, kind) or not value):
            yield f'expected {key} to be a {kind.__name__} with content, got {value!r}'
        elif key in content and not isinstance(value, kind):
            yield f'expected {key} to be a {kind.__name__}, got {value!r}'
        elif key in content and key in _NOT_EMPTY and not value:
            yield f'{key} is empty; leave it out, or name one at least'
    for key in ('losses', 'labels', 'backbones'):
        for name, value in content.get(key, {}).items():
            if not isinstance(name, str) or not re.fullmatch(r'[\w.+-]+', name):
                yield f'{key}: {name!r} names a folder, so letters, digits, . + - _ only'
            if not isinstance(value, Mapping):
                yield f'expected {key}[{name!r}] to be a dict, got {value!r}'
            if key == 'labels' and content.get('labels_follow_seed') and 'seed' in value:
                yield f'labels[{name!r}] has a seed, but with labels_follow_seed the run gives it one'
    for key, least in (('seeds', 0), ('images', 1)):
        values = content.get(key, [])
        whole = all(type(value) is int and value >= least for value in values)
        if not whole or len(set(values)) < len(values):
            yield f'expected {key} to be distinct whole numbers from {least} on, got {values}'
    if max(content['seeds']) >= _SEEDS:
        yield f'expected seeds below {_SEEDS}, got {max(content["seeds"])}'
    if not all(isinstance(pattern, str) for pattern in content.get('only', [])):
        yield f'expected only to hold patterns of run names, got {content["only"]}'
    for labels, losses in content.get('exceptions', {}).items():
        by_loss = isinstance(losses, Mapping)
        if not by_loss or not all(isinstance(value, Mapping) for value in losses.values()):
            yield f'expected exceptions[{labels!r}] to be dicts by loss, got {losses!r}'
        if labels not in content['labels'] or not set(losses) <= set(content['losses']):
            yield f'exceptions[{labels!r}] = {losses!r} is of labels or losses not in the study'
    for key, group in _CHOICES.items():
        if content.get(key) is not None and content[key] not in content[group]:
            yield f'{key} = {content[key]!r} is none of the {group} {list(content[group])}'
