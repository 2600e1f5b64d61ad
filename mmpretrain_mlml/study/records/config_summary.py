"""What a config trains, in the words of a table: setting, loss, labels, and the paper's figure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...labels.protocols import PROTOCOLS, describe_protocols
from ...paths import config, shipped
from ...runtime.unwrap import unwrap_dataset_config
from ..run import fingerprint
from .published import PUBLISHED_COCO, Published

LISTS = tuple(PROTOCOLS)  # from most to fewest labels
_NAME_IN_PAPER = {'ANLS': 'BCE-LS'}
_NOT_IN_NAME = 'type', 'base', 'reduction', 'loss_weight', 'fused'  # arguments of a loss
_HOW_IT_IS_COMPUTED = 'capturable', 'foreach', 'fused'  # arguments of torch's optimisers


def planned_length(cfg: Config) -> tuple[int, str]:
    """Return how long a config trains, and whether that is in ``'epochs'`` or ``'iterations'``."""
    if 'max_epochs' in cfg.train_cfg:
        return cfg.train_cfg['max_epochs'], 'epochs'
    return cfg.train_cfg['max_iters'], 'iterations'


def setting(cfg: Config) -> str:
    """Return data set, backbone, length and precision, such as ``'DigitScenes, ..., float32'``."""
    length, unit = planned_length(cfg)
    dataset = unwrap_dataset_config(cfg.train_dataloader.dataset)
    precision = cfg.optim_wrapper.get('dtype') or 'float32'
    backbone = _backbone(cfg.model.backbone)
    return f'{_class_name(dataset["type"])}, {backbone}, {length} {unit}, {precision}'


def loss_name(cfg: Mapping[str, Any]) -> str:
    """Return the name of a loss with the arguments that its config sets.

    >>> loss_name({'type': 'mmpretrain_mlml.SPLC', 'tau': 0.7, 'base': {'type': 'ASL'}})
    'SPLC(tau=0.7) on ASL'
    """
    shown = {key: value for key, value in cfg.items() if key not in _NOT_IN_NAME}
    arguments = ', '.join(f'{key}={value}' for key, value in sorted(shown.items()))
    name = _class_name(cfg['type']) + (f'({arguments})' if arguments else '')
    return f'{name} on {loss_name(cfg["base"])}' if cfg.get('base') else name


def labels_name(cfg: Config) -> str:
    """Return the protocol by which labels are dropped.

    A label list holds what a protocol left; it is called by the protocol in its file name.
    """
    dataset = unwrap_dataset_config(cfg.train_dataloader.dataset)
    protocol = dataset.get('protocol', 'full')
    source = Path(dataset.get('ann_file', ''))
    if source.suffix != '.txt' or protocol != 'full':
        return protocol if isinstance(protocol, str) else describe_protocols(protocol)
    by_length = sorted(LISTS, key=len, reverse=True)
    return next((name for name in by_length if name in source.stem), source.stem)


def recipe(cfg: Config) -> str:
    """Return a fingerprint of what decides a result, except loss, labels, seed and precision.

    Where files lie is left out too, and the split of a batch: a config does not say how many
    processes shared it.
    """
    model = copy.deepcopy(cfg.model.to_dict())
    model['head'].pop('loss', None)
    train = unwrap_dataset_config(cfg.train_dataloader.dataset)
    val = unwrap_dataset_config(cfg.val_dataloader.dataset)
    optimizer = dict(cfg.optim_wrapper.get('optimizer') or {})
    for name in _HOW_IT_IS_COMPUTED:
        optimizer.pop(name, None)
    decisive = {
        'model': model,
        'data': [train.get('indices'), train.get('size'), train.get('pipeline'), train['type']],
        'val': [val.get('indices'), val.get('size'), val.get('pipeline')],
        'optim': {'optimizer': optimizer, 'paramwise_cfg': cfg.optim_wrapper.get('paramwise_cfg')},
        'others': [cfg.get(key) for key in ('param_scheduler', 'train_cfg', 'custom_hooks')],
    }
    return fingerprint(decisive)[:6]


def published_figure(cfg: Config) -> Published | None:
    """Return the paper's figure if the config is its recipe, in float16 or float32."""
    loss, labels = cfg.model.head.loss, labels_name(cfg)
    name = _class_name(loss.type)
    figure = PUBLISHED_COCO.get((_NAME_IN_PAPER.get(name, name), labels))
    if figure is None or cfg.optim_wrapper.get('dtype') not in (None, 'float16'):
        return None
    file = f'coco_{labels}_{name.lower()}.py'
    has_config = (shipped('configs') / file).is_file()
    paper = Config.fromfile(config(file if has_config else f'coco_{labels}_bce.py'))
    computed = {'type': loss.type, 'fused': loss.get('fused', False)}
    same_loss = {**loss, **computed} == {**paper.model.head.loss, **computed}
    return figure if same_loss and recipe(cfg) == recipe(paper) else None


def _class_name(name: str) -> str:
    return name.rpartition('.')[2]


def _backbone(cfg: Mapping[str, Any]) -> str:
    if 'model_name' in cfg:
        return cfg['model_name']
    detail = cfg.get('depth') or cfg.get('arch')
    return _class_name(cfg['type']) + (f'-{detail}' if detail else '')
