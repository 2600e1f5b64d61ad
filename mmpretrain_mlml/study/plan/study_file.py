"""From a study file to the runs that it asks for, all of them checked before any starts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...paths import shipped
from ...printable import first_few
from ...runtime.config_keys import check_keys
from ..run import Run
from .config_checks import check_parts, error_context
from .file_checks import check_content, check_names


@dataclass(frozen=True)
class Study:
    """The runs of a study file.

    Attributes:
        name: Name of the file without its extension.
        runs: Runs in the order in which they are trained.
        reference: Loss that the others are compared with, if any.
        full: Labels of which none is missing, if any.
    """

    name: str
    runs: Sequence[Run]
    reference: str | None
    full: str | None


def read_study(path: str | Path, seeds: Sequence[int] | None = None) -> Study:
    """Read a study file, which is Python and is executed, and check all its runs.

    The runs are all combinations of ``losses``, ``labels`` and ``seeds``. A study file sets:

    - ``base``: a shipped config, or a file beside the study;
    - ``losses`` by name: what replaces ``model.head.loss``;
    - ``labels`` by name: what is merged into ``train_dataloader.dataset``;
    - ``seeds``: seeds of the training.

    It may set:

    - ``labels_follow_seed``: whether each seed also drops other labels (the seed of the run becomes
      the data set's);
    - ``backbones`` by name, merged into ``model``, and ``images``, numbers of training images: further
      things to combine;
    - ``only``: patterns of run names; other combinations are not run;
    - ``options``: what all runs change in the base;
    - ``exceptions`` by labels and loss: arguments of the loss that differ there;
    - ``reference``: the loss that others are compared with, by default ``BCE`` if there is one;
    - ``full``: the labels of which none is missing, by default ``full`` if there are such.

    The data are not looked at here but by :func:`~mmpretrain_mlml.study.training.train_study`.

    Args:
        path: The study file.
        seeds: Seeds instead of those in the file.

    Raises:
        FileNotFoundError: If there is no such file, or no such base.
        ValueError: If something in it cannot be run. The message says where, and what was expected.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no study file {path}')
    with error_context(str(path)):
        content = Config.fromfile(path).to_dict()
    if seeds is not None:
        content['seeds'] = list(seeds)
    check_content(path, content)
    base = _base_expression(path, content['base'])
    with error_context(f'{path}: base = {content["base"]!r}'):
        base_keys = list(Config.fromstring(f'_base_ = {base}', '.py'))
    runs = _combinations(path, content, base, base_keys)
    check_names(path, [run.name for run in runs])
    if 'only' in content:
        with error_context(f'{path}: only'):
            runs = choose(runs, content['only'])
    for run in runs:
        with error_context(f'{path}: {run.name}'):
            check_parts(run.content)
    reference = content.get('reference', 'BCE' if 'BCE' in content['losses'] else None)
    full = content.get('full', 'full' if 'full' in content['labels'] else None)
    return Study(path.stem, runs, reference, full)


def choose(runs: Sequence[Run], patterns: Sequence[str]) -> list[Run]:
    """Return the runs whose names match one of some patterns, or all if there is no pattern.

    Raises:
        ValueError: If a pattern matches no run.
    """
    for pattern in patterns:
        if not any(fnmatchcase(run.name, pattern) for run in runs):
            names = first_few([run.name for run in runs], 20)
            raise ValueError(f'no run matches {pattern!r}; there are {names}')
    if not patterns:
        return list(runs)
    return [run for run in runs if any(fnmatchcase(run.name, pattern) for pattern in patterns)]


def _combinations(
    path: Path, content: Mapping[str, Any], base: str, base_keys: Sequence[str]
) -> list[Run]:
    backbones = content.get('backbones') or {'': {}}
    images = content.get('images') or [None]
    axes = [
        content['seeds'],
        backbones.items(),
        images,
        content['labels'].items(),
        content['losses'].items(),
    ]
    runs = []
    for seed, (backbone, model), count, (labels, dataset), (loss, head) in itertools.product(*axes):
        varied = [
            *([backbone] if len(backbones) > 1 else []),
            *([f'{count}images'] if len(images) > 1 else []),
        ]
        name = '_'.join([labels, *varied, loss, f'seed{seed}'])
        table = ', '.join(varied)
        if count is not None:
            dataset = {**dataset, 'indices': count}
        if content.get('labels_follow_seed'):
            dataset = {**dataset, 'seed': seed}
        exception = content.get('exceptions', {}).get(labels, {}).get(loss, {})
        parts = [
            content.get('options', {}),
            {'model': model},
            {'model': {'head': {'loss': {'_delete_': True, **head, **exception}}}},
            {'train_dataloader': {'dataset': dataset}},
            {'randomness': {'seed': seed}},
        ]
        with error_context(f'{path}: {name}'):
            overrides = _merge_all(parts)
            check_keys(overrides, base_keys)
            title = f'# Written by tools/study.py from {path.name}: {name.replace("_", ", ")}.'
            text = f'{title}\n_base_ = {base}\n{Config(overrides).pretty_text}'
        label = ', '.join(filter(None, [labels, table, loss, f'seed {seed}']))
        runs.append(
            Run(
                name,
                content['base'],
                label,
                text=text,
                overrides=overrides,
                loss=loss,
                labels=labels,
                seed=seed,
                table=table,
            )
        )
    return runs


def _merge_all(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a run changes in the base."""
    merged: dict[str, Any] = {}
    for part in parts:
        merged = _merge(merged, part)
    for kind in ('dataloader', 'evaluator'):
        # tools/test.py scores what training validated
        validated = merged.get(f'val_{kind}')
        if isinstance(validated, Mapping):
            merged[f'test_{kind}'] = _merge(validated, merged.get(f'test_{kind}', {}))
    return merged


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        if isinstance(value, Mapping) and key in merged and not both:
            raise ValueError(f'options: expected {key} to be a dict, got {merged[key]!r}')
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _base_expression(path: Path, name: str) -> str:
    """Return the Python expression by which a config inherits from the base."""
    beside = path.parent / name
    if beside.is_file():
        return repr(str(beside.resolve()))
    if (shipped('configs') / name).is_file():
        return f"__import__('mmpretrain_mlml').config({name!r})"
    raise FileNotFoundError(
        f'{path}: base = {name!r} is neither a file beside it ({beside}) nor a shipped config '
        f'(in {shipped("configs")})'
    )
