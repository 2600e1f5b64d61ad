"""Thresholds as somebody states them: a number, numbers, a file, or the content of one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..printable import first_few, printable

DEFAULT = 0.5  # where nobody states any


def threshold_values(given: Any, classes: Sequence[str] | int, source: str) -> np.ndarray:
    """Return the threshold of each class.

    Args:
        given: A number, or its text, for all classes; a number for each class, (C,); a file of
            :func:`write_thresholds`; or the content of such a file, which checkpoints and
            ``model.json`` hold, too.
        classes: C class names, or C where the names are not known.
        source: Where the thresholds are stated, for messages.

    Returns:
        Thresholds, (C,), float64.

    Raises:
        ValueError: If they are for other classes, of another number, or outside [0, 1].
        OSError: If the file cannot be read.

    >>> threshold_values('0.4', ['ant', 'bee'], '--thresholds').tolist()
    [0.4, 0.4]
    """
    if isinstance(given, str | os.PathLike) and not _is_number(given):
        given, source = read_content(given), str(given)
    if isinstance(given, Mapping):
        return values_of_content(given, source, classes)[0]
    number = classes if isinstance(classes, int) else len(classes)
    return checked_values(float(given) if isinstance(given, str) else given, number, source)


def read_content(path: str | os.PathLike[str]) -> Any:
    """Return the JSON in a file.

    Raises:
        ValueError: If the file is no JSON.
        OSError: If the file cannot be read.
    """
    try:
        return json.loads(Path(path).read_text(encoding='utf-8'))
    except ValueError as error:  # of JSON, or of the encoding
        raise ValueError(f'{path} is no JSON file: {error}') from error


def values_of_content(
    content: Any, source: str, classes: Sequence[str] | int | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return thresholds, (C,), and class names of the content of a file of thresholds.

    Args:
        content: Object with ``classes`` and ``thresholds``; anything else is refused.
        source: Where it comes from, for messages.
        classes: Classes that the thresholds must be for, in this order, or their number; None for any.

    Raises:
        ValueError: If it holds no thresholds, or those of other classes.
    """
    try:
        found = tuple(map(str, content['classes']))
        given = content['thresholds']
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{source} holds no thresholds: expected a file of write_thresholds ({error!r})'
        ) from error
    values = checked_values(given, len(found), source, each=True)
    if isinstance(classes, int) and classes != len(found):
        raise ValueError(f'{source} has thresholds for {len(found)} classes, expected {classes}')
    if isinstance(classes, Sequence) and found != tuple(classes):
        strange = sorted(map(str, set(found) ^ set(classes))) or ['another order']
        raise ValueError(
            f'{source} has thresholds for {len(found)} classes that are not the {len(classes)} of the '
            f'model; they differ in {first_few(strange)}'
        )
    return values, found


def checked_values(given: Any, number: int, source: str, each: bool = False) -> np.ndarray:
    """Return numbers in [0, 1], one for each of ``number`` classes, float64.

    Args:
        given: A number for each class or, unless ``each``, one for all.
        number: C.
        source: Where they are stated, for messages.
        each: Whether there must be one for each class.

    Raises:
        ValueError: If they are of another number, or outside [0, 1].
    """
    try:
        values = np.asarray(given, np.float64)
    except (TypeError, ValueError):  # texts, or rows of different lengths
        values = np.zeros((0, 0))
    if not each and values.shape == ():
        values = np.repeat(values, number)
    if values.shape != (number,) or not ((values >= 0) & (values <= 1)).all():
        wanted = 'one in [0, 1]' if each else 'one number in [0, 1], or one'
        raise ValueError(
            f'{source}: expected thresholds, {wanted} for each of {number} classes, got '
            + printable(repr(given), 60)
        )
    return values


def _is_number(text: str | os.PathLike[str]) -> bool:
    try:
        float(os.fspath(text))
    except (TypeError, ValueError):
        return False
    return True
