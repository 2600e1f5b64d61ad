"""Thresholds by class name, as a JSON file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..files import atomic_write
from ..printable import readable_json
from .threshold_values import checked_values, read_content, values_of_content


def write_thresholds(
    path: str | os.PathLike[str],
    classes: Sequence[str],
    values: np.ndarray | Sequence[float],
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write classes and thresholds, completely or not at all.

    Args:
        path: File to write (.json). Missing folders are made.
        classes: C class names.
        values: Threshold of each class, (C,), in [0, 1].
        about: What else to write, such as the goal and its score.

    Raises:
        FileExistsError: If the file exists.
        ValueError: If classes and thresholds differ in number, or a threshold lies outside [0, 1].
        OSError: If the file cannot be written.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f'{path} exists: give another name')
    numbers = checked_values(values, len(classes), 'thresholds', each=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {'classes': list(classes), 'thresholds': numbers.tolist(), **(about or {})}
    with atomic_write(path, 'w') as file:
        file.write(readable_json(content, indent=2))


def read_thresholds(
    path: str | os.PathLike[str], classes: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read a file that :func:`write_thresholds` wrote.

    Args:
        path: File to read (.json).
        classes: Classes that the thresholds must be for, in this order; None for any.

    Returns:
        Thresholds, (C,), float64, and class names.

    Raises:
        ValueError: If the file holds no thresholds, or those of other classes.
        OSError: If the file cannot be read.
    """
    return values_of_content(read_content(path), str(path), classes)
