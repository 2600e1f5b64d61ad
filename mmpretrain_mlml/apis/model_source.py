"""The config and the network of a model, however it is given."""

from __future__ import annotations

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmpretrain.models import MultiLabelClsHead
from torch import nn

from ..checkpoints import check_trained_classes, read_meta
from ..checkpoints.description import STORED, class_names
from ..paths import config
from ..runtime.thresholds import KEY, resolve_thresholds
from .exported_network import DESCRIPTION, ExportedNetwork


def find_model(model: Any, device: str | None = None) -> tuple[Config, nn.Module | None]:
    """Return the config of a model, and the network if the model is one.

    Args:
        model: Path of a config; name of a shipped config, with or without ``.py``; exported folder; a
            config; or a network that knows its config, such as ``mmpretrain.get_model`` returns it.
        device: Device of an exported network.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If a network does not know its config, or the config has no test set, whose
            pipeline and classes are needed.
        TypeError: If it is none of these.
    """
    if isinstance(model, str | os.PathLike) and Path(model).is_dir():
        exported = ExportedNetwork(Path(model), device)
        return exported.config(), exported
    network = model if isinstance(model, nn.Module) else None
    if network is not None:
        cfg = getattr(network, '_config', None) or getattr(network, 'cfg', None)
        if not isinstance(cfg, Config):
            raise ValueError(
                f'expected a network that knows its config, got {type(model).__name__}: use '
                'mmpretrain.get_model, or set model._config = Config.fromfile(...)'
            )
    elif isinstance(model, Config):
        cfg = model
    elif isinstance(model, str | os.PathLike):
        cfg = Config.fromfile(config_file(model))
    else:
        raise TypeError(f'expected a config or a network, got {type(model).__name__}')
    cfg = deepcopy(cfg)
    if 'model' not in cfg or 'test_dataloader' not in cfg:
        raise ValueError(
            f'{cfg.filename or "the config"} has no model or no test_dataloader, whose pipeline and '
            'classes are needed'
        )
    if cfg.model.get('data_preprocessor') is None:  # where MMPretrain's own configs have it
        cfg.model.data_preprocessor = cfg.get('data_preprocessor')
    return cfg, network


def classes_and_thresholds(
    cfg: Config, network: nn.Module | None, weights: str | os.PathLike[str] | None, thresholds: Any
) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the class names of a model, and the threshold of each, (C,).

    Args:
        cfg: Config of the model.
        network: Network, if it is given.
        weights: Checkpoint file, if it is given.
        thresholds: Thresholds in place of those that config and checkpoint state.

    Raises:
        CheckpointError: If the checkpoint was trained on other classes.
        ValueError: If the thresholds are for other classes, or the classes are not known.
    """
    if isinstance(network, ExportedNetwork):
        info = network.info
        chosen = resolve_thresholds(
            info['classes'], given=thresholds, stored=info, model=DESCRIPTION
        )
        return tuple(info['classes']), chosen.values
    classes = class_names(cfg)
    meta = {} if weights is None else read_meta(weights)
    chosen = resolve_thresholds(classes, cfg, given=thresholds, stored=meta.get(KEY), model=STORED)
    if weights is not None:
        check_trained_classes(weights, classes, meta)
    return tuple(classes), chosen.values


def config_file(model: str | os.PathLike[str]) -> str:
    """Return the path of a config that is named by its path, or by its name if it is shipped.

    Raises:
        FileNotFoundError: If there is no such config.
    """
    if Path(model).is_file():
        return str(model)
    name = str(model)
    return str(config(name if name.endswith('.py') else f'{name}.py'))


def check_head(model: Any, num_classes: int) -> None:
    """Require a head that gives a probability for each class by itself.

    Raises:
        ValueError: If the head is another one, or has another number of outputs.
    """
    if isinstance(model, ExportedNetwork):  # it has compared them itself
        return
    head = getattr(model, 'head', None)
    if not isinstance(head, MultiLabelClsHead):
        raise ValueError(
            f'expected a head for several labels, of the family of MultiLabelClsHead, got '
            f'{type(head).__name__}'
        )
    outputs = getattr(head, 'num_classes', num_classes)
    if outputs != num_classes:
        raise ValueError(
            f'the model has {outputs} outputs, but the test set of the config {num_classes} classes'
        )
