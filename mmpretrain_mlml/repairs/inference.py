"""Repair of MMPretrain's ``get_model`` and ``inference_model`` for models of several labels."""

from __future__ import annotations

import functools
import os
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import mmpretrain.apis
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from mmpretrain.apis.model import ModelHub
from mmpretrain.registry import MODELS

from ..paths import config

_PACKAGE = __name__.partition('.')[0]
_TASK = 'Multi-Label Classification'  # of the only such model in MMPretrain's index


def infer_several_labels() -> None:
    """Let MMPretrain find the shipped configs by name, and an inferencer for several labels.

    Symptom: ``inference_model`` knows no inferencer for several labels. It raises NotImplementedError
    for a model that was built from a config, ValueError for a config, and IndexError for the one model
    of MMPretrain's own index that has several labels. ``get_model`` raises ValueError for the name of
    a config of this package. All other models and names are left to MMPretrain, and ``list_models``
    lists what it did.
    Versions: mmpretrain 1.2.0, onedl-mmpretrain 1.3.6.
    Goes when: MMPretrain lets a package register an inferencer for a task.
    """
    _name_shipped_configs()
    stock = mmpretrain.apis.inference_model

    @functools.wraps(stock)
    def inference_model(model: Any, *args: Any, **kwargs: Any) -> Any:
        if not _has_several_labels(model):
            return stock(model, *args, **kwargs)
        return _infer(model, *args, **kwargs)

    for module in list(sys.modules.values()):  # also those that have imported it by its name
        if getattr(module, '__dict__', {}).get('inference_model') is stock:
            module.inference_model = inference_model  # type: ignore[attr-defined]


def _name_shipped_configs() -> None:
    get = ModelHub.get.__func__

    @functools.wraps(get)
    def get_or_shipped(cls: type, model_name: Any) -> Any:
        try:
            return get(cls, model_name)
        except ValueError:
            try:
                path = config(f'{model_name}.py')
            except FileNotFoundError:
                path = None
            if path is None:
                raise
        from modelindex.models.Model import Model

        found = Model(name=model_name)
        found.config = Config.fromfile(path)
        return found

    ModelHub.get = classmethod(get_or_shipped)


def _has_several_labels(model: Any) -> bool:
    """Return whether a model has several labels, and MMPretrain no inferencer for it."""
    head: type | None
    if isinstance(model, BaseModel):
        known, head = getattr(model, '_metainfo', None), type(getattr(model, 'head', None))
    elif isinstance(model, Config):
        known, head = None, _head_of(model)
    elif isinstance(model, str | os.PathLike) and Path(model).suffix == '.py':
        known, head = None, _head_of(Config.fromfile(model)) if Path(model).is_file() else None
    else:
        known = _known(model)
        if known is None:  # MMPretrain says what is wrong
            return False
        head = _head_of(known.config)
    results = getattr(known, 'results', None) or ()
    if any(result.task != _TASK for result in results) or head is None:
        return False
    from mmpretrain.models import MultiLabelClsHead

    return issubclass(head, MultiLabelClsHead)


def _known(model: Any) -> Any:
    """Return what an index says of a model by its name; None if it has none."""
    try:
        return ModelHub.get(model)
    except (ValueError, AttributeError):  # an unknown name, or no name
        return None


def _head_of(cfg: Config) -> type | None:
    kind = cfg.get('model', {}).get('head', {}).get('type')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        found = MODELS.get(kind) if isinstance(kind, str) else kind
    return found if isinstance(found, type) else None


def _infer(model: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the result of the first image. Arguments are those of the inferencer and of its call."""
    inferencer = import_module(_PACKAGE).MultiLabelInferencer  # by its public name, as configs do
    names = signature(inferencer).parameters
    options = {key: kwargs.pop(key) for key in list(kwargs) if key in names}
    options.setdefault('show_progress', False)
    if 'pretrained' in kwargs:  # as MMPretrain's inferencers call it
        options['weights'] = kwargs.pop('pretrained')
    zoo_weights = getattr(_known(model), 'weights', None)
    if zoo_weights and options.get('weights') in (None, True):  # of MMPretrain's own index
        options.pop('weights', None)
        model = mmpretrain.apis.get_model(model, pretrained=True)
    return inferencer(model, **options)(*args, **{'on_error': 'stop', **kwargs})[0]
