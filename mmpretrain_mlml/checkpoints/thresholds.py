"""Decision thresholds in checkpoint files: ``meta['thresholds']``."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..evaluation.threshold_values import checked_values
from ..repairs.atomic_backend import AtomicLocalBackend
from ..repairs.loading import load_from_local
from ..runtime.thresholds import KEY
from .weights import CheckpointError, is_bare


def read_stored_thresholds(path: str | os.PathLike[str]) -> Any:
    """Return what a checkpoint holds as thresholds, None if it holds none.

    :func:`~mmpretrain_mlml.runtime.thresholds.resolve_thresholds` takes and checks it.

    Args:
        path: Checkpoint file. It is loaded as data, never as code.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is refused, or damaged.
    """
    return read_meta(path).get(KEY)


def read_meta(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """Return the meta data of a checkpoint; empty without.

    Args:
        path: Checkpoint file. It is loaded as data, never as code.

    Raises:
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is refused, or damaged.
    """
    meta = load_from_local(path, 'cpu').get('meta')
    return meta if isinstance(meta, Mapping) else {}


def store_thresholds(
    checkpoint: str | os.PathLike[str],
    out: str | os.PathLike[str],
    classes: Sequence[str],
    values: np.ndarray | Sequence[float],
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write a copy of a checkpoint that holds thresholds, completely or not at all.

    Everything else in the copy is as in the checkpoint. Earlier thresholds are replaced.

    Args:
        checkpoint: Checkpoint file. It is loaded as data, never as code, and left as it is.
        out: File to write. Missing folders are made.
        classes: C class names.
        values: Threshold of each class, (C,), in [0, 1].
        about: What else to store beside them, such as the goal and its score; plain data.

    Raises:
        CheckpointError: If the meta data of the checkpoint are no dictionary.
        FileExistsError: If ``out`` exists.
        ValueError: If classes and thresholds differ in number, or a threshold lies outside [0, 1].
        OSError: If a file cannot be read or written.
    """
    if Path(out).exists():
        raise FileExistsError(f'{out} exists: give another name')
    numbers = checked_values(values, len(classes), 'thresholds', each=True)
    content = load_from_local(checkpoint, 'cpu')
    if is_bare(content):
        content = {'state_dict': content}
    meta = content.setdefault('meta', {})
    if not isinstance(meta, dict):
        raise CheckpointError(
            f'{checkpoint}: expected a dictionary as meta, got {type(meta).__name__}'
        )
    meta[KEY] = {'classes': [*classes], 'thresholds': numbers.tolist(), **(about or {})}
    written = io.BytesIO()
    torch.save(content, written)
    AtomicLocalBackend().put(written.getvalue(), os.fspath(out))
