"""A study file: which runs it asks for. All of them are checked before any starts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

from ..paths import shipped
from .runs import Run, fingerprint

KEYS = (
    'base', 'losses', 'labels', 'seeds', 'backbones', 'images', 'options', 'exceptions',
    'reference', 'full',
)  # fmt: skip
_METRIC = 'mmpretrain_mlml.MultiLabelScores'


@dataclass(frozen=True)
class PlannedRun:
    """One run of a study.

    Attributes:
        name: Of its folder and its config.
        table: Backbone and number of images, where the study has several; a table of the report each.
        loss: As the study file calls it.
        labels: As the study file calls them.
        seed: Of the training.
        base: The config it inherits from, as the study file names it.
        overrides: What it changes there.
        text: The config file.
    """

    name: str
    table: str
    loss: str
    labels: str
    seed: int
    base: str
    overrides: Mapping[str, Any]
    text: str

    @property
    def label(self) -> str:
        return ', '.join(filter(None, [self.labels, self.table, self.loss, f'seed {self.seed}']))

    @cached_property
    def config(self) -> Config:
        return Config.fromstring(self.text, '.py')

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(self.config)

    def write(self, work_dir: Path) -> Run:
        """Writes the config into the run's folder, aside from the whole one that MMEngine leaves."""
        path = work_dir / self.name / 'config' / f'{self.name}.py'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text, encoding='utf-8')
        return Run(self.name, str(path), self.label)


@dataclass(frozen=True)
class Study:
    """All runs of a study file.

    Attributes:
        name: Of the file.
        runs: In the order in which they are run.
        reference: The loss that others are compared with, if any.
        full: The labels without a gap, if any.
    """

    name: str
    runs: Sequence[PlannedRun]
    reference: str | None
    full: str | None


def read_study(path: str | Path) -> Study:
    """Reads a study file, which is Python and is executed.

    Raises:
        FileNotFoundError: There is no such file, or no such base.
        ValueError: Something in it cannot be run; says where, and what was expected.
    """
    path = Path(path)
    told = Config.fromfile(path).to_dict()
    _check(path, told)
    base = _find_base(path, told['base'])
    backbones = told.get('backbones') or {'': {}}
    images = told.get('images') or [None]
    runs = []
    axes = told['seeds'], backbones.items(), images, told['labels'].items(), told['losses'].items()
    for seed, (backbone, model), count, (labels, dataset), (loss, head) in itertools.product(*axes):
        parts = [
            backbone if len(backbones) > 1 else '',
            f'{count}images' if len(images) > 1 else '',
        ]
        parts = [part for part in parts if part]
        changed = told.get('exceptions', {}).get(labels, {}).get(loss, {})
        overrides = _overrides(
            told.get('options', {}), model, dataset, count, {**head, **changed}, seed
        )
        name = '_'.join([labels, *parts, loss, f'seed{seed}'])
        title = f'# Written by tools/study.py from {path.name}: {name.replace("_", ", ")}.'
        text = f'{title}\n_base_ = {base}\n{Config(overrides).pretty_text}'
        runs.append(
            PlannedRun(name, ', '.join(parts), loss, labels, seed, told['base'], overrides, text)
        )
    for run in runs:
        _check_run(path, run)
    reference = told.get('reference', 'BCE' if 'BCE' in told['losses'] else None)
    full = told.get('full', 'full' if 'full' in told['labels'] else None)
    return Study(path.stem, runs, reference, full)


def _overrides(
    options: Mapping, model: Mapping, dataset: Mapping, images: int | None, loss: Mapping, seed: int
) -> dict[str, Any]:
    """What one run changes in the base."""
    dataset = {**dataset, **({} if images is None else {'indices': images})}
    parts = [
        options,
        {'model': model},
        {'model': {'head': {'loss': {'_delete_': True, **loss}}}},
        {'train_dataloader': {'dataset': dataset}},
        {'randomness': {'seed': seed}},
    ]
    found: dict[str, Any] = {}
    for part in parts:
        found = _merged(found, part)
    for tested, validated in (
        ('test_dataloader', 'val_dataloader'),
        ('test_evaluator', 'val_evaluator'),
    ):
        if validated in found:  # tools/test.py scores what the training validated
            found[tested] = _merged(found[validated], found.get(tested, {}))
    return found


def _merged(under: Mapping, over: Mapping) -> dict[str, Any]:
    found = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        found[key] = _merged(found[key], value) if both else value
    return found


def _find_base(path: Path, name: str) -> str:
    """The base as the expression for ``_base_``."""
    beside = path.parent / name
    if beside.is_file():
        return repr(str(beside.resolve()))
    if (shipped('configs') / name).is_file():
        return f"__import__('mmpretrain_mlml').config({name!r})"
    raise FileNotFoundError(
        f'{path}: base = {name!r} is neither a file beside it ({beside}) nor a shipped config '
        f'(in {shipped("configs")})'
    )


def _check(path: Path, told: Mapping[str, Any]) -> None:
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
    for labels, losses in told.get('exceptions', {}).items():
        if labels not in told['labels'] or not set(losses) <= set(told['losses']):
            refuse(f'exceptions[{labels!r}] = {losses!r} is of labels or losses not in the study')
    for key, among in (('reference', 'losses'), ('full', 'labels')):
        if told.get(key) is not None and told[key] not in told[among]:
            refuse(f'{key} = {told[key]!r} is none of the {among} {list(told[among])}')


def _check_run(path: Path, run: PlannedRun) -> None:
    """Loads the config as the run will, and builds its loss."""
    cfg = run.config
    loss = cfg.model.head.loss
    init_default_scope('mmpretrain')
    try:
        MODELS.build(loss)
    except (KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise ValueError(
            f'{path}: {run.name}: cannot build the loss {dict(loss)}: {error}'
        ) from error
    evaluator = cfg.get('val_evaluator') or {}
    if not isinstance(evaluator, Mapping) or evaluator.get('type') != _METRIC:
        raise ValueError(
            f'{path}: {run.name}: expected val_evaluator to be one {_METRIC}, got {evaluator!r}'
        )
