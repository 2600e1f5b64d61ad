"""What is refused in a study file, before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

KEYS = (
    'base', 'losses', 'labels', 'seeds', 'backbones', 'images', 'options', 'exceptions',
    'reference', 'full',
)  # fmt: skip
_SEEDS = 2**32  # numpy takes none from there on


def check_told(path: Path, told: Mapping[str, Any]) -> None:
    """Checks what a study file says, by itself.

    Raises:
        ValueError: A key is unknown, missing, or of another kind than expected.
    """

    def refuse(problem: str) -> None:
        raise ValueError(f'{path}: {problem}')

    unknown = sorted(set(told) - set(KEYS))
    if unknown:
        refuse(f'unknown keys {unknown}; expected some of {list(KEYS)}')
    for key, kind in (('base', str), ('losses', dict), ('labels', dict), ('seeds', list)):
        if not isinstance(told.get(key), kind) or not told[key]:
            refuse(f'expected {key} to be a {kind.__name__} with content, got {told.get(key)!r}')
    for key, kind in (
        ('backbones', dict),
        ('images', list),
        ('options', dict),
        ('exceptions', dict),
    ):
        if not isinstance(told.get(key, kind()), kind):
            refuse(f'expected {key} to be a {kind.__name__}, got {told[key]!r}')
    for key in ('backbones', 'images'):
        if key in told and not told[key]:
            refuse(f'{key} is empty; leave it out, or name one at least')
    for key in ('losses', 'labels', 'backbones'):
        for name, value in told.get(key, {}).items():
            if not isinstance(name, str) or not re.fullmatch(r'[\w.+-]+', name):
                refuse(f'{key}: {name!r} names a folder, so letters, digits, . + - _ only')
            if not isinstance(value, Mapping):
                refuse(f'expected {key}[{name!r}] to be a dict, got {value!r}')
    for key, least in (('seeds', 0), ('images', 1)):
        values = told.get(key, [])
        whole = all(type(value) is int and value >= least for value in values)
        if not whole or len(set(values)) < len(values):
            refuse(f'expected {key} to be distinct whole numbers from {least} on, got {values}')
    if max(told['seeds']) >= _SEEDS:
        refuse(f'expected seeds below {_SEEDS}, got {max(told["seeds"])}')
    for labels, losses in told.get('exceptions', {}).items():
        nested = isinstance(losses, Mapping) and all(
            isinstance(v, Mapping) for v in losses.values()
        )
        if not nested:
            refuse(f'expected exceptions[{labels!r}] to be dicts by loss, got {losses!r}')
        if labels not in told['labels'] or not set(losses) <= set(told['losses']):
            refuse(f'exceptions[{labels!r}] = {losses!r} is of labels or losses not in the study')
    for key, among in (('reference', 'losses'), ('full', 'labels')):
        if told.get(key) is not None and told[key] not in told[among]:
            refuse(f'{key} = {told[key]!r} is none of the {among} {list(told[among])}')


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raises ValueError if two runs would share a folder."""
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f'{path}: names of losses and labels make several runs called {twins}')
