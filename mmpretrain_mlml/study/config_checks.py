"""What is refused in the config of a run, before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import Registry, init_default_scope
from mmengine.runner import Runner
from mmpretrain.registry import (
    DATASETS,
    HOOKS,
    LOOPS,
    METRICS,
    MODELS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
)
from torch.utils.data import DataLoader

from ..datasets.full_labels import FullLabels
from ..losses.base import defaults_of
from ..metrics.multi_label_scores import MultiLabelScores

_METRIC = 'mmpretrain_mlml.MultiLabelScores'
_SCORING = 'threshold', 'topk', 'empty_classes', 'prefix'  # a report wants them at their defaults
_ELSEWHERE = ('custom_imports', 'auto_scale_lr')  # top-level keys that are no argument of a Runner
_BY_MMENGINE = {  # keys that it takes out before it builds a part
    'optim_wrapper': ('optimizer', 'constructor', 'paramwise_cfg'),
    'train_cfg': ('by_epoch',),
    'param_scheduler': ('convert_to_iter_based',),
    'train_dataloader': ('dataset', 'sampler', 'batch_sampler', 'num_batch_per_epoch'),
}


def check_keys(options: Iterable[str], base: Iterable[str]) -> None:
    """Raises ValueError for an option at the top that nobody would read."""
    known = {*base, *inspect.signature(Runner).parameters, *_ELSEWHERE}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f'options: nobody reads {unknown}; the base has {sorted(base)}')


def check_parts(cfg: Config) -> None:
    """Looks up each part's type and whether it takes what it is given; builds the loss.

    Raises:
        ValueError: A type is unknown, an argument is none of its, the loss cannot be built, or the
            scores would not be those that a report is made of.
    """
    init_default_scope('mmpretrain')
    model = cfg.model
    if not isinstance(model, Mapping):
        raise ValueError(f'expected model to be a dict, got {model!r}')
    loss = model.head.loss
    with naming(f'cannot build the loss {dict(loss)}'):
        MODELS.build(loss)
    evaluator = cfg.get('val_evaluator')
    if not isinstance(evaluator, Mapping) or evaluator.get('type') != _METRIC:
        raise ValueError(f'expected val_evaluator to be one {_METRIC}, got {evaluator!r}')
    for place, part, registry in _parts(cfg):
        _check_part(place, part, registry)
    usual = {key: getattr(defaults_of(MultiLabelScores), key) for key in _SCORING}
    other = {
        key: evaluator[key] for key in _SCORING if evaluator.get(key, usual[key]) != usual[key]
    }
    if other:
        raise ValueError(
            f'val_evaluator: a report resamples scores of {usual}, got {other}; leave it out'
        )


def _parts(cfg: Config) -> Iterator[tuple[str, Any, Registry]]:
    """Whatever MMEngine builds, but for data sets, with its place and registry."""
    yield 'model', cfg.model, MODELS
    for name in ('backbone', 'neck', 'head'):
        if cfg.model.get(name):
            yield f'model.{name}', cfg.model[name], MODELS
    preprocessor = cfg.model.get('data_preprocessor') or {}
    yield 'model.data_preprocessor', {'type': 'ClsDataPreprocessor', **preprocessor}, MODELS
    yield 'optim_wrapper', {'type': 'OptimWrapper', **cfg.optim_wrapper}, OPTIM_WRAPPERS
    yield 'optim_wrapper.optimizer', cfg.optim_wrapper.optimizer, OPTIMIZERS
    loop = 'EpochBasedTrainLoop' if cfg.train_cfg.get('by_epoch', True) else 'IterBasedTrainLoop'
    yield 'train_cfg', {'type': loop, **cfg.train_cfg}, LOOPS
    schedulers = cfg.get('param_scheduler') or []
    for scheduler in schedulers if isinstance(schedulers, Sequence) else [schedulers]:
        yield 'param_scheduler', scheduler, PARAM_SCHEDULERS
    for name, hook in (cfg.get('default_hooks') or {}).items():
        if hook:
            yield f'default_hooks.{name}', hook, HOOKS
    for hook in cfg.get('custom_hooks') or []:
        yield 'custom_hooks', hook, HOOKS
    yield 'val_evaluator', cfg.val_evaluator, METRICS
    yield 'train_dataloader', {'type': DataLoader, **cfg.train_dataloader}, MODELS


def _check_part(place: str, part: Any, registry: Registry) -> None:
    if not isinstance(part, Mapping) or 'type' not in part:
        raise ValueError(f'expected {place} to be a dict with a type, got {part!r}')
    kind = part['type']
    cls = registry.get(kind) if isinstance(kind, str) else kind
    if cls is None:
        raise ValueError(f'{place}: there is no {kind!r} in the registry of {registry.name}s')
    arguments = {k: v for k, v in part.items() if k not in ('type', *_BY_MMENGINE.get(place, ()))}
    if registry is HOOKS:
        arguments.pop('priority', None)
    try:
        inspect.signature(cls).bind_partial(**arguments)
    except TypeError as error:
        raise ValueError(f'{place}: {kind} {error}') from error


class DataCheck:
    """Builds the data sets of runs, each but once, and finds the full labels that hooks ask for."""

    def __init__(self) -> None:
        self._built: dict[str, BaseDataset] = {}
        self._found: set[str] = set()

    def check(self, cfg: Config) -> None:
        """Checks the data of one run.

        Raises:
            ValueError: A data set or full labels cannot be built, or there are fewer images than asked
                for; says which, and why.
        """
        init_default_scope('mmpretrain')
        wanted = cfg.train_dataloader.dataset
        dataset = self._build('train_dataloader.dataset', wanted)
        if isinstance(wanted.get('indices'), int) and len(dataset) < wanted.indices:
            raise ValueError(f'expected {wanted.indices} training images, got {len(dataset)}')
        self._build('val_dataloader.dataset', cfg.val_dataloader.dataset)
        for name, hook in (cfg.get('default_hooks') or {}).items():
            changes = hook.get('full_labels') if hook else None
            told = repr((wanted, changes))
            if changes and told not in self._found:
                with naming(f'default_hooks.{name}.full_labels'):
                    FullLabels(dataset, wanted, changes)
                self._found.add(told)

    def _build(self, place: str, cfg: Mapping[str, Any]) -> BaseDataset:
        told = repr(cfg)
        if told not in self._built:
            with naming(place):
                self._built[told] = DATASETS.build(cfg)
        return self._built[told]


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Configs are executed and raise what they like: inside, it is all a ValueError of the place."""
    try:
        yield
    except Exception as error:
        kind = '' if isinstance(error, (ValueError, OSError)) else f'{type(error).__name__}: '
        raise ValueError(f'{place}: {kind}{error}') from error
