"""Checks of a run's config and of its data, before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import Registry, init_default_scope
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

from ...datasets.full_labels import FullLabels
from ...evaluation.threshold_values import DEFAULT
from ...metrics.multi_label_scores import MultiLabelScores
from ...runtime import part_check
from ...runtime.config_keys import suggestion
from ...runtime.thresholds import config_thresholds

_METRIC = 'mmpretrain_mlml.MultiLabelScores'
_SCORING = 'threshold', 'topk', 'empty_classes', 'prefix'  # a report needs their defaults


def check_parts(cfg: Config) -> None:
    """Check that each part has a known type which takes its arguments, and build the loss.

    Raises:
        ValueError: If a type or an argument is unknown, the loss cannot be built, or the evaluator
            would not compute the scores that a report resamples.
    """
    init_default_scope('mmpretrain')
    if not isinstance(cfg.get('model'), Mapping):
        raise ValueError(f'expected model to be a dict, got {cfg.get("model")!r}')
    loss = cfg.model.head.loss
    with error_context(f'cannot build the loss {dict(loss)}'):
        MODELS.build(loss)
    evaluator = cfg.get('val_evaluator')
    if not isinstance(evaluator, Mapping) or evaluator.get('type') != _METRIC:
        raise ValueError(f'expected val_evaluator to be one {_METRIC}, got {evaluator!r}')
    for key, part, registry in _parts(cfg):
        _check_type(key, part, registry)
    part_check.check_parts(cfg)
    parameters = inspect.signature(MultiLabelScores).parameters
    expected = {key: parameters[key].default for key in _SCORING}
    other = {k: evaluator[k] for k in _SCORING if evaluator.get(k, expected[k]) != expected[k]}
    place, threshold = config_thresholds(cfg, 'val') or ('', DEFAULT)
    if not other and threshold != DEFAULT:
        other[place] = threshold
    if other:
        raise ValueError(
            f'val_evaluator: a report resamples scores of {expected}, got {other}; leave it out'
        )


def _parts(cfg: Config) -> Iterator[tuple[str, Any, Registry]]:
    """Yield what MMEngine builds except data sets: key, config and registry."""
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


def _check_type(key: str, part: Any, registry: Registry) -> None:
    if not isinstance(part, Mapping) or 'type' not in part:
        raise ValueError(f'expected {key} to be a dict with a type, got {part!r}')
    kind = part['type']
    cls = registry.get(kind) if isinstance(kind, str) else kind
    if cls is None:
        hint = suggestion(kind, registry.module_dict)
        raise ValueError(f'{key}: there is no {kind!r} in the registry of {registry.name}s{hint}')


class DataCheck:
    """Build the data sets of runs, each once, and the full labels that hooks ask for."""

    def __init__(self) -> None:
        self._built: dict[str, BaseDataset] = {}
        self._labelled: set[str] = set()

    def check(self, cfg: Config) -> None:
        """Check the data of one run.

        Raises:
            ValueError: If a data set or full labels cannot be built, or there are fewer images than
                the config asks for. The message says which, and why.
        """
        init_default_scope('mmpretrain')
        train = cfg.train_dataloader.dataset
        dataset = self._build('train_dataloader.dataset', train)
        if isinstance(train.get('indices'), int) and len(dataset) < train.indices:
            raise ValueError(f'expected {train.indices} training images, got {len(dataset)}')
        self._build('val_dataloader.dataset', cfg.val_dataloader.dataset)
        for name, hook in (cfg.get('default_hooks') or {}).items():
            changes = hook.get('full_labels') if hook else None
            key = repr((train, changes))
            if changes and key not in self._labelled:
                with error_context(f'default_hooks.{name}.full_labels'):
                    FullLabels(dataset, train, changes)
                self._labelled.add(key)

    def _build(self, name: str, cfg: Mapping[str, Any]) -> BaseDataset:
        key = repr(cfg)
        if key not in self._built:
            with error_context(name):
                self._built[key] = DATASETS.build(cfg)
        return self._built[key]


@contextmanager
def error_context(place: str) -> Iterator[None]:
    """Turn any error inside into a ValueError that names the place: configs can raise anything."""
    try:
        yield
    except Exception as error:
        kind = '' if isinstance(error, (ValueError, OSError)) else f'{type(error).__name__}: '
        raise ValueError(f'{place}: {kind}{error}') from error
