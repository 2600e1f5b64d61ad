"""Thresholds in the precision of the scores that they decide."""

from __future__ import annotations

from typing import Any

import numpy as np


def limits_of_classes(threshold: float | np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the limit of each class, (C,): a score is above it if it is above the threshold.

    Raises:
        ValueError: If a threshold is not finite, or there is not one for all or one for each class.
    """
    if not np.isfinite(threshold).all():
        raise ValueError(f'expected a finite threshold, got {threshold!r}')
    return np.broadcast_to(largest_not_above(threshold, scores.dtype), scores.shape[1:])


def largest_not_above(threshold: float | np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Return the largest number of a dtype that is not above a threshold.

    A number of that dtype is above one if and only if it is above the other.
    """
    exact = np.asarray(threshold, np.float64)
    with np.errstate(over='ignore'):
        limits = exact.astype(dtype)
    return np.where(limits > exact, np.nextafter(limits, dtype.type(-np.inf)), limits)
