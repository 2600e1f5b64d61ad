"""Losses beside a reference, on the same seeds and the same validation images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...evaluation import Predictions, average_precision
from ..records.run_record import RunRecord
from .bootstrap import RESAMPLES, Estimate, draw_counts, interval, resampled_scores
from .cells import SCORES, Cells, group_runs

Place = tuple[str | None, str | None]  # loss and labels


def compare(
    records: Sequence[RunRecord],
    reference: str | None,
    full: str | None,
    resamples: int = RESAMPLES,
) -> Cells:
    """Return the cells of one table, compared with the reference.

    Args:
        records: Finished runs with predictions.
        reference: Loss that the others are compared with, if any.
        full: Labels of which none is missing, if any.
        resamples: Number of resamples of the bootstrap.

    Raises:
        ValueError: If runs were validated on different images, or one counts twice.
    """
    cells = group_runs(records)
    for record in records:
        _require_same_images(records[0], record)
    counts = draw_counts(len(_predictions(records[0]).names), resamples)
    runs: dict[Place, dict[Any, _Resampled]] = {
        place: {run.seed: _Resampled(run, counts) for run in cell.runs}
        for place, cell in cells.items()
    }
    return {
        place: cell
        if place[0] == reference
        else replace(cell, **_gains(runs, place, reference, full))
        for place, cell in cells.items()
    }


def share_of_gap(low: Any, high: Any, value: Any) -> Any:
    """Return how far ``value`` is on the way from ``low`` to ``high``, in percent.

    >>> share_of_gap(low=70.0, high=80.0, value=75.0)
    50.0
    """
    return 100 * (value - low) / (high - low)


class _Resampled:
    """Scores of one run and of its resamples.

    Attributes:
        scores: By name, (1 + R,): the score itself, then that of each resample.
        precisions: AP of each class, (C,).
    """

    def __init__(self, run: RunRecord, counts: np.ndarray) -> None:
        predictions = _predictions(run)
        resampled = resampled_scores(predictions.scores, predictions.targets, counts)
        self.scores = {name: np.append(run.last(name), resampled[name]) for name in SCORES}
        self.precisions = average_precision(predictions.scores, predictions.targets)


def _gains(
    runs: Mapping[Place, Mapping[Any, _Resampled]],
    place: tuple[str, str],
    reference: str | None,
    full: str | None,
) -> dict[str, Any]:
    """Return the fields of a :class:`.Cell` that compare it with the reference."""
    labels = place[1]
    low, high = (reference, labels), (reference, full)

    def shared_seeds(*places: Place) -> list[int]:
        return sorted(set.intersection(*(set(runs.get(one, ())) for one in places)))

    def scores(of: Place, name: str, seeds: Sequence[int]) -> np.ndarray:
        return np.mean([runs[of][seed].scores[name] for seed in seeds], axis=0)

    both = shared_seeds(place, low)
    all_three = shared_seeds(place, low, high) if labels != full else []
    differences, closed = {}, {}
    for name in SCORES:
        if both:
            differences[name] = _estimate(scores(place, name, both) - scores(low, name, both))
        if all_three:
            here, start, end = (scores(of, name, all_three) for of in (place, low, high))
            gap = end - start
            if gap[0] > 0 and interval(gap[1:])[0] > 0:
                closed[name] = _estimate(share_of_gap(start, end, here))
    gains = [runs[place][seed].precisions - runs[low][seed].precisions for seed in both]
    return {
        'differences': differences,
        'difference_seeds': both,
        'closed': closed,
        'closed_seeds': all_three,
        'gains': np.mean(gains, axis=0) if gains else None,
    }


def _estimate(values: np.ndarray) -> Estimate:
    return float(values[0]), *interval(values[1:])


def _predictions(record: RunRecord) -> Predictions:
    if record.predictions is None:
        raise ValueError(f'{record.folder} was read without its predictions: use read_record')
    return record.predictions


def _require_same_images(first: RunRecord, other: RunRecord) -> None:
    a, b = _predictions(first), _predictions(other)
    for part in ('names', 'classes', 'targets'):
        if not np.array_equal(getattr(a, part), getattr(b, part)):
            raise ValueError(
                f'{first.folder} and {other.folder} were validated on different images or labels '
                f'(their {part} differ): expected one validation set for all runs of a table'
            )
