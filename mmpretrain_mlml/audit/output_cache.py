"""Features and probabilities of a network, computed once; a killed process resumes."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from ..apis.network import Progress, output_batches
from ..files import atomic_write
from ..runtime.unwrap import unwrap_dataset_config

SECONDS = 60.0  # of work that a killed process loses at most, apart from one batch
DIGITS = 16  # of a key, hexadecimal


def cached_outputs(
    folder: str | os.PathLike[str],
    model: Any,
    cfg: Config,
    dataset: BaseDataset,
    kind: str,
    progress: Progress = iter,
) -> np.ndarray:
    """Return the outputs of a network for all images; what an earlier call has saved is not repeated.

    The outputs lie in ``folder/KIND_KEY/``, in parts of a minute of work each. The key depends on the
    weights, the model, the pipeline and the images (path, size and time of change; their pixels if
    they are in memory), so that other images or weights never meet old outputs.

    Args:
        folder: Folder of all cached outputs; it is made.
        model: Network in evaluation mode.
        cfg: Its config, with ``val_dataloader`` or ``test_dataloader``.
        dataset: Images, with a pipeline that ends with ``PackInputs``.
        kind: ``'features'`` or ``'probabilities'``.
        progress: Function that shows progress over the remaining batches.

    Returns:
        Features, (N, D), or probabilities, (N, C), float32.

    Raises:
        OSError: If a part cannot be written. Earlier parts stay.
    """
    loader: dict[str, Any] = dict(cfg.get('val_dataloader') or cfg.test_dataloader)
    place = Path(folder) / f'{kind}_{_key(model, cfg, dataset, kind)}'
    place.mkdir(parents=True, exist_ok=True)
    parts = list(_saved_parts(place, len(dataset)))
    done = sum(map(len, parts))
    if done:
        print_log(f'{kind} of {done} of {len(dataset)} images were computed before', 'current')
    if done == len(dataset):
        return np.concatenate(parts)
    waiting: list[np.ndarray] = []
    saved_at = time.monotonic()
    for batch in output_batches(model, dataset, loader, kind, progress, done):
        waiting.append(batch)
        if time.monotonic() - saved_at > SECONDS:
            done += _save(place, done, parts, waiting)
            saved_at = time.monotonic()
    if waiting:
        _save(place, done, parts, waiting)
    return np.concatenate(parts)


def _saved_parts(place: Path, total: int) -> Iterator[np.ndarray]:
    """Yield the parts that follow each other from the first image on."""
    done = 0
    while done < total:
        try:
            part = np.load(_part(place, done), allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):  # a damaged part is computed again
            return
        if not len(part):
            return
        yield part
        done += len(part)


def _save(place: Path, start: int, parts: list[np.ndarray], waiting: list[np.ndarray]) -> int:
    part = np.concatenate(waiting)
    with atomic_write(_part(place, start)) as file:
        np.save(file, part)
    parts.append(part)
    waiting.clear()
    return len(part)


def _part(place: Path, start: int) -> Path:
    return place / f'{start:010d}.npy'


def _key(model: Any, cfg: Config, dataset: BaseDataset, kind: str) -> str:
    digest = hashlib.sha256()
    with_head = kind == 'probabilities'  # features do not depend on it, and it may be random
    described = {k: v for k, v in cfg.model.to_dict().items() if with_head or k != 'head'}
    loaded = unwrap_dataset_config((cfg.get('val_dataloader') or cfg.test_dataloader).dataset)
    text = json.dumps([described, loaded.get('pipeline')], sort_keys=True, default=str)
    digest.update(text.encode())
    for name, value in model.state_dict().items():
        if with_head or not name.startswith('head.'):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(value.detach().cpu().float().numpy()).data)
    for row in range(len(dataset)):
        digest.update(_identity(dataset.get_data_info(row)))
    return digest.hexdigest()[:DIGITS]


def _identity(info: dict[str, Any]) -> bytes:
    """Return what tells an image from others, and from itself before it was changed."""
    path = info.get('img_path')
    if path is None:
        pixels = np.ascontiguousarray(info['img'])
        return f'{pixels.shape}{pixels.dtype}'.encode() + pixels.tobytes()
    try:
        state = Path(path).stat()
    except OSError:  # of a missing file, or a place that is no file system; loading it will say so
        return f'{path}\n'.encode(errors='surrogateescape')
    return f'{path}\0{state.st_size}\0{state.st_mtime_ns}\n'.encode(errors='surrogateescape')
