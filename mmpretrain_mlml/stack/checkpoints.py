"""Checkpoints are data: what mmengine writes can be read back with weights_only on, nothing more."""

from __future__ import annotations

import functools
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import mmengine.runner.checkpoint as mmengine_checkpoint
import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler import param_scheduler
from mmengine.runner import CheckpointLoader, Runner


def allow_training_state() -> None:
    """Lets ``torch.load(weights_only=True)`` read the training state in mmengine's checkpoints.

    Symptom: ``--resume`` and ``tools/test.py`` fail with "Weights only load failed ... Unsupported
    global", since a checkpoint also holds HistoryBuffer, numpy scalars, scheduler classes and
    ``getattr`` on the methods of both. The usual ways out, weights_only=False or allowing the real
    ``getattr``, run whatever a file says. Here a ``getattr`` in a file reaches only the few methods
    that mmengine itself stores.
    Versions: mmengine 0.10.7 with torch >= 2.6.
    Goes when: mmengine stores plain data, or registers its own classes this narrowly.
    """
    multiarray = getattr(np, '_core', None) or np.core  # numpy 2 renamed it
    multiarray = multiarray.multiarray
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            *_SCHEDULERS,
            np.ndarray,
            np.dtype,
            *{type(np.dtype(name)) for name in ('f2', 'f4', 'f8', 'i4', 'i8', 'u4', 'u8', 'bool')},
            multiarray.scalar,
            multiarray._reconstruct,
            (_stored_method, 'builtins.getattr'),
        ]
    )


def load_as_data_only() -> None:
    """Makes every loader of mmengine keep weights_only on, and say why a file is refused.

    Symptom: onedl-mmengine retries a refused file with weights_only=False and so runs it;
    ``http://``, ``torchvision://`` and ``open-mmlab://`` load with weights_only=False everywhere.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: both load with weights_only=True throughout.
    """
    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    if hasattr(mmengine_checkpoint, '_safe_torch_load'):
        mmengine_checkpoint._safe_torch_load = _load_file
    mmengine_checkpoint.load_url = _load_url


def never_execute_config() -> None:
    """Drops the config text from a checkpoint before a runner sees it.

    Symptom: ``Runner.resume`` runs ``checkpoint['meta']['config']`` as Python, only to read a key
    (``gpu_ids``) that no config of today has.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: resume no longer calls ``Config.fromstring``.
    """
    load_checkpoint = Runner.load_checkpoint

    @functools.wraps(load_checkpoint)
    def load_without_config(self: Runner, *args: Any, **kwargs: Any) -> dict:
        checkpoint = load_checkpoint(self, *args, **kwargs)
        if isinstance(checkpoint.get('meta'), dict):
            checkpoint['meta'].pop('config', None)
        return checkpoint

    Runner.load_checkpoint = load_without_config


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Loads a local checkpoint as data, never as code.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: The file holds more than data, or is not a whole checkpoint.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'no checkpoint at {path} (in {Path.cwd()})')
    return _load_file(path, map_location)


def _load_file(file: Any, map_location: Any = None, weights_only: bool | None = None) -> Any:
    with _refusal_explained(file):
        return torch.load(file, map_location=map_location, weights_only=True)


def _load_url(url: str, **kwargs: Any) -> Any:
    kwargs['weights_only'] = True
    try:
        with _refusal_explained(url):
            return torch.hub.load_state_dict_from_url(url, **kwargs)
    except (URLError, ConnectionError, TimeoutError) as error:
        cache = Path(torch.hub.get_dir()) / 'checkpoints'
        raise RuntimeError(
            f'could not download {url} ({error}). Without a network, give a local file (--cfg-options '
            'model.backbone.init_cfg.checkpoint=FILE for the weights of a backbone), put the file '
            f'into {cache}, or train from scratch (--cfg-options model.backbone.init_cfg=None).'
        ) from error


@contextmanager
def _refusal_explained(source: Any) -> Iterator[None]:
    """Says in plain words why torch would not load a file."""
    try:
        yield
    except (pickle.UnpicklingError, EOFError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and 'PytorchStreamReader' not in str(error):
            raise
        found = re.search(r'WeightsUnpickler error: (.+?)(?: Please use|\n|$)', str(error))
        reason = found.group(1) if found else str(error).split('\n')[0] or 'it is empty'
        raise RuntimeError(
            f'{source} was refused: a checkpoint may hold tensors and the training state that '
            'mmengine writes, no code. This one is damaged or not from a source to trust '
            f'({reason}).'
        ) from error


_SCHEDULERS = [
    value
    for value in vars(param_scheduler).values()
    if isinstance(value, type) and value.__module__ == param_scheduler.__name__
]

_STORED_METHODS = {
    HistoryBuffer: ('min', 'max', 'mean', 'current'),
    param_scheduler.OneCycleParamScheduler: ('_annealing_cos', '_annealing_linear'),
}


def _stored_method(owner: Any, name: str) -> Any:
    """The ``getattr`` of a checkpoint: the methods that mmengine stores, and no other attribute."""
    for cls, names in _STORED_METHODS.items():
        if owner is cls and name in names:
            return getattr(cls, name)
    raise pickle.UnpicklingError(f'Unsupported attribute {name!r} of {owner!r}')
