"""A study file: which runs it asks for. All of them are checked before any starts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..paths import shipped
from .config_checks import check_keys, check_parts, naming
from .plan_checks import check_names, check_told
from .runs import Run, fingerprint


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
        part = path.with_name(f'.{path.name}.part')
        part.write_text(self.text, encoding='utf-8')
        part.replace(path)
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
    """Reads a study file, which is Python and is executed, and checks all its runs.

    It holds ``base`` (a shipped config, or a file beside the study), ``losses`` and ``labels`` by name
    (the latter are merged into ``train_dataloader.dataset``), and ``seeds``; where wanted
    ``backbones`` by name (merged into ``model``), ``images`` (how many of the first to train on),
    ``options`` for all runs, ``exceptions`` (by labels and loss: what that loss changes there),
    ``reference`` (a loss, BCE if there) and ``full`` (labels, "full" if there).

    Whether the data are there is looked at later, by
    :func:`~mmpretrain_mlml.study.study.train_study`.

    Raises:
        FileNotFoundError: There is no such file, or no such base.
        ValueError: Something in it cannot be run; says where, and what was expected.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no study file {path}')
    with naming(str(path)):
        told = Config.fromfile(path).to_dict()
    check_told(path, told)
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
        name = '_'.join([labels, *parts, loss, f'seed{seed}'])
        changed = told.get('exceptions', {}).get(labels, {}).get(loss, {})
        with naming(f'{path}: {name}'):
            overrides = _overrides(
                told.get('options', {}), model, dataset, count, {**head, **changed}, seed
            )
            title = f'# Written by tools/study.py from {path.name}: {name.replace("_", ", ")}.'
            text = f'{title}\n_base_ = {base}\n{Config(overrides).pretty_text}'
        runs.append(
            PlannedRun(name, ', '.join(parts), loss, labels, seed, told['base'], overrides, text)
        )
    check_names(path, [run.name for run in runs])
    with naming(f'{path}: base = {told["base"]!r}'):
        own = Config.fromstring(f'_base_ = {base}', '.py')
    for run in runs:
        with naming(f'{path}: {run.name}'):
            check_keys(run.overrides, own)
            check_parts(run.config)
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
        # tools/test.py scores what training validated
        if isinstance(found.get(validated), Mapping):
            found[tested] = _merged(found[validated], found.get(tested, {}))
    return found


def _merged(under: Mapping, over: Mapping) -> dict[str, Any]:
    found = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
        if isinstance(value, Mapping) and key in found and not both:
            raise ValueError(f'options: expected {key} to be a dict, got {found[key]!r}')
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
