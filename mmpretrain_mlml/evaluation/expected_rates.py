"""The share of the images in which each class is expected, where labels are missing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..printable import first_few
from .threshold_values import checked_values, read_content


def expected_rates(positives: np.ndarray, images: int, kept: float) -> np.ndarray:
    """Return the expected share of the images of each class, (C,), in [0, 1].

    It assumes that each class lost the same share of its labels.

    Args:
        positives: Observed positives of each class, (C,).
        images: Number of images.
        kept: Share of the true labels that is observed, in (0, 1].

    Raises:
        ValueError: If ``kept`` lies outside (0, 1], or there are no images.

    >>> expected_rates(np.array([10, 30]), 100, 0.4).tolist()
    [0.25, 0.75]
    """
    if not 0 < kept <= 1 or images < 1:
        raise ValueError(
            f'expected a share kept in (0, 1] and at least one image, got {kept} and {images}'
        )
    return np.minimum(np.asarray(positives, np.float64) / (images * kept), 1.0)


def read_kept(given: str | os.PathLike[str]) -> float:
    """Return a share kept: the number in a text, or the estimate in an ``audit.json``.

    Args:
        given: Text of a number, or file that ``tools/audit_labels.py`` wrote.

    Raises:
        ValueError: If it is neither.
        OSError: If the file cannot be read.
    """
    try:
        return float(os.fspath(given))
    except ValueError:
        content = read_content(Path(given))
    share = content.get('kept_share') if isinstance(content, dict) else None
    if not isinstance(share, int | float):
        raise ValueError(f'{given} holds no kept_share: expected an audit.json, or a number')
    return float(share)


def read_rates(path: str | os.PathLike[str], classes: Sequence[str]) -> np.ndarray:
    """Read the expected rate of each class, a JSON object ``{class: share of the images}``.

    Args:
        path: File to read (.json).
        classes: C class names.

    Returns:
        Rates, (C,), float64.

    Raises:
        ValueError: If the file is no such object, a class is missing or unknown, or a rate lies
            outside [0, 1].
        OSError: If the file cannot be read.
    """
    content = read_content(path)
    if not isinstance(content, dict) or set(content) != set(classes):
        strange = set(content) ^ set(classes) if isinstance(content, dict) else ['its form']
        raise ValueError(
            f'{path}: expected an object with a rate for each of {len(classes)} classes; it differs '
            f'in {first_few(sorted(strange))}'
        )
    return checked_values([content[name] for name in classes], len(classes), str(path), each=True)
