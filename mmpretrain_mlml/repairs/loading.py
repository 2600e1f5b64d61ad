"""Load checkpoints as data: with ``weights_only`` on, whatever their source."""

from __future__ import annotations

import errno
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import mmengine.runner.checkpoint as mmengine_checkpoint
import torch
from mmengine.runner import CheckpointLoader


def load_as_data_only() -> None:
    """Keep ``weights_only`` on in every loader of MMEngine, and explain why a file is refused.

    Symptom: onedl-mmengine retries a refused file with ``weights_only=False``, which runs the code in
    it; ``http://``, ``torchvision://`` and ``open-mmlab://`` always load with ``weights_only=False``.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: both load with ``weights_only=True`` throughout.
    """
    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    if hasattr(mmengine_checkpoint, '_safe_torch_load'):
        mmengine_checkpoint._safe_torch_load = _load_file
    mmengine_checkpoint.load_url = _load_url


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Load a local checkpoint as data, never as code.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file holds more than data, or is not a complete checkpoint.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'no checkpoint at {path} (in {Path.cwd()})')
    return _load_file(path, map_location)


def _load_file(file: Any, map_location: Any = None, weights_only: bool | None = None) -> Any:
    with _explained_refusal(file):
        return _require_dict(torch.load(file, map_location=map_location, weights_only=True))


def _load_url(url: str, **kwargs: Any) -> Any:
    kwargs['weights_only'] = True
    try:
        with _explained_refusal(url):
            return _require_dict(torch.hub.load_state_dict_from_url(url, **kwargs))
    except (URLError, ConnectionError, TimeoutError) as error:
        cache = Path(torch.hub.get_dir()) / 'checkpoints'
        raise RuntimeError(
            f'could not download {url} ({error}). Without a network, give a local file (--cfg-options '
            'model.backbone.init_cfg.checkpoint=FILE for the weights of a backbone), put the file '
            f'into {cache}, or train from scratch (--cfg-options model.backbone.init_cfg=None).'
        ) from error


def _require_dict(content: Any) -> dict:
    if not isinstance(content, dict):
        raise pickle.UnpicklingError(f'Unsupported {type(content).__name__} in place of a dict')
    return content


# Errors of torch.load for files that are truncated or no checkpoints.
_UNREADABLE = (
    pickle.UnpicklingError, EOFError, RuntimeError, KeyError, IndexError, ValueError, TypeError,
    AttributeError, OSError,
)  # fmt: skip


@contextmanager
def _explained_refusal(source: Any) -> Iterator[None]:
    """Replace torch's errors for unreadable files by a message that names the file and the reason."""
    try:
        yield
    except _UNREADABLE as error:
        if isinstance(error, RuntimeError) and 'PytorchStreamReader' not in str(error):
            raise
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: a truncated file
            raise
        unsupported = re.search(r'[Uu]nsupported[^\n]*?(?=\. | Please|\n|$)', str(error))
        reason = unsupported.group(0) if unsupported else 'it is no checkpoint'
        raise RuntimeError(
            f'{source} was refused: a checkpoint may hold tensors and the training state that '
            'mmengine writes, no code. This one is damaged or does not come from a trusted source '
            f'({reason}).'
        ) from error
