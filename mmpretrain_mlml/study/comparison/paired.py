"""Runs on the same images: their resamples, and what one gains over the other in each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...evaluation import Predictions, average_precision, multi_label_scores
from ...printable import NAME, printable
from .bootstrap import Estimate, interval, resampled_scores


@dataclass(frozen=True)
class Resampled:
    """Scores of one run and of its resamples.

    Attributes:
        scores: ``mAP`` and ``OF1``, (1 + R,): the score itself, then that of each resample.
        precisions: AP of each class, in the same order, (1 + R, C); NaN where no positive was drawn.
    """

    scores: Mapping[str, np.ndarray]
    precisions: np.ndarray

    @classmethod
    def of(
        cls,
        predictions: Predictions,
        counts: np.ndarray,
        threshold: float | np.ndarray = 0.5,
        known: Mapping[str, float] | None = None,
    ) -> Resampled:
        """Score a run on resamples of its images.

        Args:
            predictions: Predictions of the run.
            counts: Resamples, (R, N), from :func:`.draw_counts`; the same for all runs.
            threshold: Decision threshold, or one for each class, (C,).
            known: Scores themselves, where they were computed before.
        """
        scores, targets = predictions.scores, predictions.targets
        own = known or multi_label_scores(scores, targets, threshold).summary
        drawn = resampled_scores(scores, targets, counts, threshold)
        precisions = np.vstack([average_precision(scores, targets), drawn.pop('AP')])
        return cls({name: np.append(own[name], drawn[name]) for name in drawn}, precisions)


@dataclass(frozen=True)
class ClassGains:
    """What each class gains over a reference, in percentage points of AP.

    Attributes:
        values: Gain of each class, (C,); NaN for classes without positives.
        low: Lower end of its 95 % interval, (C,).
        high: Upper end, (C,).
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def sign(self) -> np.ndarray:
        """1 where the interval of a class lies above 0, -1 where below, else 0; (C,)."""
        return np.where(self.low > 0, 1, np.where(self.high < 0, -1, 0))


def class_gains(here: Sequence[Resampled], there: Sequence[Resampled]) -> ClassGains:
    """Return what the mean of some runs gains over the mean of others, on the same resamples.

    Resamples in which no positive of a class was drawn say nothing of it and are left out.
    """
    means = [np.mean([run.precisions for run in runs], axis=0) for runs in (here, there)]
    moved = means[0] - means[1]
    low, high = np.full((2, moved.shape[1]), np.nan)
    occurs = ~np.isnan(moved[1:]).all(0)
    if occurs.any():
        low[occurs], high[occurs] = np.nanpercentile(moved[1:, occurs], [2.5, 97.5], axis=0)
    return ClassGains(moved[0], low, high)


def estimate(values: np.ndarray) -> Estimate:
    """Return a value and the ends of its 95 % interval.

    Args:
        values: The value itself, then that of each resample, (1 + R,).
    """
    return float(values[0]), *interval(values[1:])


def require_same_images(one: Predictions, other: Predictions, *where: object) -> None:
    """Raise if two runs were validated on different images, classes or labels.

    Args:
        one: Predictions of a run.
        other: Predictions of another.
        *where: Names of the two in the message.

    Raises:
        ValueError: If they differ. The message says where first.
    """
    for part in ('names', 'classes', 'targets'):
        first, second = getattr(one, part), getattr(other, part)
        if not np.array_equal(first, second):
            raise ValueError(
                f'{where[0]} and {where[1]} were validated on different images or labels (their '
                f'{part} differ{_how(first, second)}): expected one validation set for all runs of a '
                'table'
            )


def _how(first: np.ndarray, second: np.ndarray) -> str:
    if first.shape != second.shape:
        return f', {len(first)} and {len(second)}'
    differ = np.argwhere(first != second)
    if first.ndim > 1:
        return f' in {len(differ)} entries'
    at = tuple(differ[0])
    names = [repr(printable(str(array[at]), NAME)) for array in (first, second)]
    return f' in {len(differ)} places; number {at[0]} is {names[0]} and {names[1]}'
