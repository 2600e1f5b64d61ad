"""Read the weights in a checkpoint file and load them into a model that they fit."""

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

from ..printable import first_few
from ..repairs.loading import load_from_local

# Entries that hold the weights in files of different origin; a file has one of each kind or one kind.
_AVERAGED = ('ema_state_dict', 'state_dict_ema', 'model_ema', 'ema')
_RAW = ('state_dict', 'model')
WEIGHTS = ('averaged', 'raw')


class CheckpointError(ValueError):
    """Error for a checkpoint without the requested weights; its message names the file and keys."""


def read_weights(path: str | PathLike, weights: str | None = None) -> dict[str, Tensor]:
    """Return the weights in a checkpoint, under the names they have in the model.

    Supported are checkpoints of MMEngine (with or without averaged weights), files with a
    ``state_dict``, ``model`` or ``ema`` entry, and bare state dicts. The prefix ``module.`` of model
    wrappers is removed. If the file holds a single set of weights, that set is returned.

    Args:
        path: Checkpoint file. It is loaded as data, never as code.
        weights: ``'averaged'`` or ``'raw'``: the set to return if the file holds both; a warning says
            if it holds only the other one. By default the averaged one, if there is one.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is refused, or damaged.
        CheckpointError: If the file holds no weights, or weights that are NaN or infinite.
        ValueError: If ``weights`` is neither ``'averaged'``, ``'raw'`` nor None.
    """
    if weights is not None and weights not in WEIGHTS:
        raise ValueError(f'unknown weights {weights!r}; expected one of {WEIGHTS}')
    content = load_from_local(str(path))
    averaged = _entry(content, _AVERAGED)
    raw = _entry(content, _RAW)
    average = content.get('ema_state_dict')
    if isinstance(average, Mapping) and 'steps' in average:
        averaged, raw = raw, averaged  # MMEngine saves the average as the model
    meta = content.get('meta')
    held = meta.get('weights') if isinstance(meta, Mapping) else None
    if weights and held in WEIGHTS and held != weights:
        print_log(f'{path} holds only the {held} weights; using them', 'current', logging.WARNING)
    state = (raw or averaged) if weights == 'raw' else (averaged or raw)
    state = _unwrapped(content if state is None else state)
    if not state:
        raise CheckpointError(f'{path}: no weights among the keys {sorted(map(str, content))[:9]}')
    broken = [key for key, value in state.items() if not value.isfinite().all()]
    if broken:
        raise CheckpointError(f'{path}: NaN or infinity in {first_few(broken)}')
    return state


def check_fit(state: Mapping[str, Tensor], model: nn.Module, source: str = 'the file') -> None:
    """Require that a state dict has exactly the names and shapes of a model.

    Args:
        state: Weights by name.
        model: Model that the weights are for.
        source: Name of the weights in the message.

    Raises:
        CheckpointError: If names or shapes differ. The message lists them.
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
    """Return the model of a config with given weights, in evaluation mode; download nothing.

    Args:
        cfg: Config of the model.
        state: Weights by name.
        source: Name of the weights in messages.

    Raises:
        CheckpointError: If the weights do not fit the model.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    model_cfg: Any = deepcopy(cfg.model)
    if 'pretrained' in model_cfg.backbone:
        model_cfg.backbone.pretrained = False
    model = MODELS.build(model_cfg)
    check_fit(state, model, source)
    model.load_state_dict(state)
    return model.eval()


def is_bare(content: Mapping[str, Any]) -> bool:
    """Return whether the content of a checkpoint file is a bare state dict."""
    return _entry(content, _AVERAGED) is None and _entry(content, _RAW) is None


def _entry(content: Mapping, names: tuple[str, ...]) -> Mapping | None:
    return next((content[name] for name in names if isinstance(content.get(name), Mapping)), None)


def _unwrapped(state: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the tensors without ``module.``, and without a wrapper's own, such as a step count."""
    tensors = {str(key): value for key, value in state.items() if isinstance(value, Tensor)}
    while any(key.startswith('module.') for key in tensors):
        tensors = {
            key.removeprefix('module.'): value
            for key, value in tensors.items()
            if key.startswith('module.')
        }
    return tensors
