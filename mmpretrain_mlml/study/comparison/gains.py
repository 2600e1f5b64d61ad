"""Losses beside a reference, on the same seeds and the same validation images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...evaluation import Predictions
from ...evaluation.threshold_values import DEFAULT, threshold_values
from ..records.run_record import RunRecord
from .bootstrap import RESAMPLES, draw_counts, interval
from .cells import SCORES, Cells, group_runs
from .paired import ClassGains, Resampled, class_gains, estimate, require_same_images

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
        require_same_images(
            _predictions(records[0]), _predictions(record), records[0].folder, record.folder
        )
    counts = draw_counts(len(_predictions(records[0]).names), resamples)
    runs: dict[Place, dict[Any, Resampled]] = {
        place: {run.seed: _resample(run, counts) for run in cell.runs}
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


def _gains(
    runs: Mapping[Place, Mapping[Any, Resampled]],
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

    def gains(seeds: Sequence[int]) -> ClassGains:
        here, there = ([runs[of][seed] for seed in seeds] for of in (place, low))
        return class_gains(here, there)

    both = shared_seeds(place, low)
    all_three = shared_seeds(place, low, high) if labels != full else []
    differences, closed = {}, {}
    for name in SCORES:
        if both:
            differences[name] = estimate(scores(place, name, both) - scores(low, name, both))
        if all_three:
            here, start, end = (scores(of, name, all_three) for of in (place, low, high))
            gap = end - start
            if gap[0] > 0 and interval(gap[1:])[0] > 0:
                closed[name] = estimate(share_of_gap(start, end, here))
    return {
        'differences': differences,
        'difference_seeds': both,
        'closed': closed,
        'closed_seeds': all_three,
        'gains': gains(both) if both else None,
    }


def _predictions(record: RunRecord) -> Predictions:
    if record.predictions is None:
        raise ValueError(f'{record.folder} was read without its predictions: use read_record')
    return record.predictions


def _resample(run: RunRecord, counts: np.ndarray) -> Resampled:
    """Return the resamples of a run, beside the scores of its last validation."""
    predictions = _predictions(run)
    source, stated = run.thresholds or ('default', DEFAULT)
    thresholds = threshold_values(stated, predictions.classes.tolist(), f'{run.folder}: {source}')
    return Resampled.of(predictions, counts, thresholds, {name: run.last(name) for name in SCORES})
