"""Digests of the samples of a data set, by which a resumed run recognises its data."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from ..runtime.unwrap import unwrap_dataset
from .sample_table import sample_table

DIGITS = 16  # of a digest, hexadecimal


def describe_data(dataset: Dataset) -> dict[str, Any]:
    """Return what a run trains on, as plain values: kind and source, numbers, digests.

    ``image_names`` is a digest of the names of the images, relative to the folder of the images, in
    their order; ``labels`` of their labels as the loss sees them; ``class_names`` of the classes. A
    data set without MMEngine's ``get_data_info`` has no digests.

    Args:
        dataset: Data set, possibly wrapped.
    """
    inner = unwrap_dataset(dataset)
    source = getattr(inner, 'ann_file', '')
    described: dict[str, Any] = {
        'dataset': type(inner).__name__,
        'images': len(dataset),  # type: ignore[arg-type]  # of a Sized data set
        'source': Path(source).name if isinstance(source, str) else '',
    }
    for key in ('protocol', 'seed', 'unknown'):
        if isinstance(getattr(inner, key, None), (str, int, float)):
            described[key] = getattr(inner, key)
    classes = getattr(dataset, 'metainfo', {}).get('classes')
    if classes is not None:
        described['classes'] = len(classes)
        described['class_names'] = _digest('\n'.join(map(str, classes)).encode())
    if hasattr(dataset, 'get_data_info'):
        described |= _sample_digests(dataset, str(getattr(inner, 'img_prefix', '') or ''))
    return described


def _sample_digests(dataset: Any, prefix: str) -> dict[str, str]:
    if (table := sample_table(dataset)) is not None:  # millions of samples: not one by one
        fill = np.array([table.fill])
        return {
            'image_names': _digest_arrays(table.names.data, table.names.ends),
            'labels': _digest_arrays(table.offsets, table.indices, table.values, fill),
        }
    names, labels = sha256(), sha256()
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        name = str(info.get('img_path', index)).removeprefix(prefix).lstrip('/')
        names.update(f'{name}\n'.encode(errors='surrogateescape'))
        labels.update(_label(info) + b'\n')
    return {
        'image_names': names.hexdigest()[:DIGITS],
        'labels': labels.hexdigest()[:DIGITS],
    }


def _label(info: Mapping[str, Any]) -> bytes:
    if 'gt_score' in info:
        return np.asarray(info['gt_score'], np.float32).tobytes()
    return repr(np.asarray(info.get('gt_label')).tolist()).encode()


def _digest_arrays(*arrays: np.ndarray) -> str:
    return _digest(*(np.ascontiguousarray(array).data for array in arrays))


def _digest(*parts: bytes | memoryview) -> str:
    digest = sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:DIGITS]
