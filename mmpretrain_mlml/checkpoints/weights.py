"""The weights in a checkpoint file, and whether they fit a model."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from copy import deepcopy
from os import PathLike
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..repairs.loading import load_from_local

# Where files of different origin keep their weights, beside each other or alone.
_AVERAGED = ('ema_state_dict', 'state_dict_ema', 'model_ema', 'ema')
_RAW = ('state_dict', 'model')
WEIGHTS = ('averaged', 'raw')


class CheckpointError(ValueError):
    """A checkpoint does not hold what is asked for; names the file and the keys."""


def read_weights(path: str | PathLike, weights: str = 'averaged') -> dict[str, Tensor]:
    """The weights in a checkpoint, under the names they have in the model.

    Reads checkpoints of MMEngine (with or without an average of the weights), files with a
    ``state_dict``, ``model`` or ``ema`` entry, and bare state dicts; ``module.`` in front of names, as
    wrappers leave it, is taken off. A file with a single set of weights gives that one.

    Args:
        path: The file. It is loaded as data, never as code.
        weights: ``'averaged'`` or ``'raw'``, where the file holds both.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: The file was refused, or is damaged.
        CheckpointError: The file holds no weights, or some that are NaN or infinite.
        ValueError: ``weights`` is none of the two.
    """
    if weights not in WEIGHTS:
        raise ValueError(f'unknown weights {weights!r}; expected one of {WEIGHTS}')
    content = load_from_local(str(path))
    averaged = _entry(content, _AVERAGED)
    raw = _entry(content, _RAW)
    average = content.get('ema_state_dict')
    if isinstance(average, Mapping) and 'steps' in average:
        averaged, raw = raw, averaged  # MMEngine saves the average as the model, the raw ones aside
    meta = content.get('meta')
    held = meta.get('weights') if isinstance(meta, Mapping) else None
    if held in WEIGHTS and held != weights:
        print_log(f'{path} holds the {held} weights alone; took them', 'current', logging.WARNING)
    state = (averaged or raw) if weights == 'averaged' else (raw or averaged)
    state = _unwrapped(content if state is None else state)
    if not state:
        raise CheckpointError(
            f'{path}: found no weights among the keys {sorted(map(str, content))[:9]}'
        )
    wrong = [key for key, value in state.items() if not value.isfinite().all()]
    if wrong:
        raise CheckpointError(f'{path}: NaN or infinity in {", ".join(wrong[:9])}')
    return state


def check_fit(state: Mapping[str, Tensor], model: nn.Module, source: str = 'the file') -> None:
    """Raises unless a state dict has the names and shapes of a model, no more and no less.

    Raises:
        CheckpointError: Lists the keys that differ.
    """
    own = model.state_dict()
    differing = [
        f'  {key}: {tuple(state[key].shape)} in the file, {tuple(own[key].shape)} in the model'
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    groups = {
        'missing in the file': sorted(own.keys() - state.keys()),
        'unknown to the model': sorted(state.keys() - own.keys()),
        'of another shape': differing,
    }
    report = [
        f'{len(keys)} {what}:\n' + '\n'.join(f'  {key.strip()}' for key in keys)
        for what, keys in groups.items()
        if keys
    ]
    if report:
        raise CheckpointError(f'{source} does not fit the model; keys\n' + '\n'.join(report))


def build_model(cfg: Config, state: Mapping[str, Tensor], source: str = 'the file') -> nn.Module:
    """The model of a config with given weights, in evaluation mode; downloads nothing.

    Raises:
        CheckpointError: The weights do not fit.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    model_cfg: Any = deepcopy(cfg.model)
    if 'pretrained' in model_cfg.backbone:
        model_cfg.backbone.pretrained = False
    model = MODELS.build(model_cfg)
    check_fit(state, model, source)
    model.load_state_dict(state)
    return model.eval()


def _entry(content: Mapping, names: tuple[str, ...]) -> Mapping | None:
    return next((content[name] for name in names if isinstance(content.get(name), Mapping)), None)


def _unwrapped(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors, without ``module.``; a wrapper's own ones, such as a count of steps, stay out."""
    tensors = {str(key): value for key, value in state.items() if isinstance(value, Tensor)}
    while any(key.startswith('module.') for key in tensors):
        tensors = {
            key.removeprefix('module.'): value
            for key, value in tensors.items()
            if key.startswith('module.')
        }
    return tensors
