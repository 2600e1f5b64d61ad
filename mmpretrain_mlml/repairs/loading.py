"""Load checkpoints as data: with ``weights_only`` on, whatever their source."""

from __future__ import annotations

import errno
import functools
import logging
import os
import pickle
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import mmengine.runner.checkpoint as mmengine_checkpoint
import torch
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader

from .checksums import damage_of
from .data_only import reading_data

CODE_ALLOWED = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'


class RefusedCheckpointError(RuntimeError, pickle.UnpicklingError):
    """Error for a file that holds more than data, or that is damaged; its message names the file."""


def load_as_data_only() -> None:
    """Let every loader of MMEngine read training state with ``weights_only`` on, and nothing more.

    Symptom: ``--resume`` and ``tools/test.py`` fail with "Weights only load failed ... Unsupported
    global", because a checkpoint also holds HistoryBuffer, numpy arrays and scalars, and ``getattr``
    on methods of HistoryBuffer and of the one-cycle scheduler. The usual workarounds,
    ``weights_only=False`` or allowing these classes themselves, let a hostile file run code or corrupt
    memory. onedl-mmengine retries a refused file with ``weights_only=False``, which runs the code in
    it; ``http://``, ``torchvision://`` and ``open-mmlab://`` always load with ``weights_only=False``.
    Damaged bytes are loaded as other weights.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 with torch >= 2.6.
    Goes when: mmengine stores plain data and loads with ``weights_only=True`` throughout, and torch
    compares checksums.
    """
    load_checkpoint, load_url = CheckpointLoader.load_checkpoint, mmengine_checkpoint.load_url

    @functools.wraps(load_checkpoint.__func__)
    def load_data(cls: Any, filename: str, *args: Any, **kwargs: Any) -> Any:
        of_mmengine = _is_mmengines(cls._get_checkpoint_loader(filename))
        if of_mmengine:
            _require_intact(filename)
        if not of_mmengine or code_is_allowed():
            return load_checkpoint.__func__(cls, filename, *args, **kwargs)
        with _explained_refusal(filename), reading_data() as reader:
            return reader.real(load_checkpoint.__func__(cls, filename, *args, **kwargs))

    @functools.wraps(load_url)
    def load_data_from_url(*args: Any, **kwargs: Any) -> Any:
        given = signature(load_url).bind(*args, **kwargs).arguments
        if code_is_allowed():
            print_log(f'{CODE_ALLOWED} is set, so code in {given["url"]} would run', 'current',
                      logging.WARNING)  # fmt: skip
            return load_url(**given)
        given['weights_only'] = True
        with _explained_refusal(given['url']), reading_data() as reader:
            content = reader.real(load_url(**given))
        _require_intact(_cached_file(**given))
        return content

    CheckpointLoader.load_checkpoint = classmethod(load_data)
    mmengine_checkpoint.load_url = load_data_from_url
    if hasattr(mmengine_checkpoint, '_safe_torch_load'):
        mmengine_checkpoint._safe_torch_load = _load_safely


def load_from_local(filename: str | os.PathLike, map_location: Any = None) -> dict:
    """Load a local checkpoint as data, never as code.

    Args:
        filename: Checkpoint file, or a ``.safetensors`` file, whose tensors are its ``state_dict``.
        map_location: Device of the tensors, as for ``torch.load``.

    Raises:
        FileNotFoundError: If there is no such file.
        RefusedCheckpointError: If the file holds more than data, or is not a complete checkpoint.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'no checkpoint at {path} (in {Path.cwd()})')
    if path.suffix == '.safetensors':
        return {'state_dict': _safetensors(path)}
    _require_intact(path)
    with _explained_refusal(path), reading_data() as reader:
        content = reader.real(torch.load(path, map_location=map_location, weights_only=True))
    if not isinstance(content, dict):
        raise RefusedCheckpointError(
            f'{path} was refused: it holds a {type(content).__name__} in place of a dict of weights'
        )
    return content


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ImportError(
            f"{path} needs safetensors: pip install 'mmpretrain_mlml[export]'"
        ) from error
    try:
        tensors: dict[str, torch.Tensor] = load_file(path)
    except SafetensorError as error:
        raise RefusedCheckpointError(f'{path} was refused: {error}') from error
    return tensors


def code_is_allowed() -> bool:
    """Return whether the user asks torch to run the code in files, by an environment variable."""
    return os.environ.get(CODE_ALLOWED, '0').lower() in ('1', 'y', 'yes', 'true')


def _is_mmengines(loader: Any) -> bool:
    return getattr(loader, '__module__', None) == mmengine_checkpoint.__name__


def _load_safely(file: Any, map_location: Any = None, weights_only: bool | None = None) -> Any:
    """Load without another try that would run code: in place of onedl-mmengine's function."""
    with _explained_refusal(file), reading_data() as reader:
        return reader.real(torch.load(file, map_location=map_location))


def _cached_file(
    url: str, model_dir: str | None = None, file_name: str | None = None, **_: Any
) -> Path:
    """Return where torch keeps a downloaded file."""
    folder = Path(model_dir) if model_dir else Path(torch.hub.get_dir()) / 'checkpoints'
    return folder / (file_name or Path(urlparse(url).path).name)


def _require_intact(source: str | os.PathLike) -> None:
    path = Path(source).expanduser()
    damage = damage_of(path) if path.is_file() else None
    if damage:
        raise RefusedCheckpointError(
            f'{source} was refused: the file is damaged ({damage}). Restore it from a copy, or use '
            'another checkpoint'
        )


@contextmanager
def _explained_refusal(source: Any) -> Iterator[None]:
    """Replace torch's errors for unreadable files by a message that names the file and the reason."""
    try:
        yield
    except RefusedCheckpointError:
        raise
    except _UNREADABLE as error:
        if not _comes_from_content(error):
            raise
        unsupported = re.search(r'[Uu]nsupported[^\n]*?(?=\. | Please|\n|$)', str(error))
        reason = unsupported.group(0) if unsupported else 'it is no checkpoint'
        raise RefusedCheckpointError(
            f'{source} was refused: a checkpoint may hold tensors and the training state that '
            'mmengine writes, no code. This one is damaged or does not come from a trusted source '
            f'({reason}).'
        ) from error


# Errors of torch.load for files that are truncated or no checkpoints.
_UNREADABLE = (
    pickle.UnpicklingError, EOFError, RuntimeError, KeyError, IndexError, ValueError, TypeError,
    AttributeError, OSError,
)  # fmt: skip


def _comes_from_content(error: BaseException) -> bool:
    """Return whether torch raised an error because of what a file holds."""
    if isinstance(error, RuntimeError) and 'PytorchStreamReader' not in str(error):
        return False
    if isinstance(error, OSError) and error.errno != errno.EINVAL:  # EINVAL: a truncated file
        return False
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code.co_filename == torch.serialization.__file__ for frame, _ in frames)
