"""Losses beside the reference, on the same seeds and the same validation images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np

from ..evaluation import average_precision
from .bootstrap import RESAMPLES, draw_counts, interval, resampled_scores
from .records import Record

SCORES = ('mAP', 'OF1')


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval over validation images.

    Attributes:
        value: In percent, the mean over seeds.
        low: Of the interval.
        high: Of the interval.
        seeds: Whose runs were compared.
    """

    value: float
    low: float
    high: float
    seeds: Sequence[int]


@dataclass(frozen=True)
class Cell:
    """One loss on one label list.

    Attributes:
        runs: One a seed.
        differences: To the reference, by score; without those that cannot be had.
        closed: Share of the way from the reference on these labels to the reference on full ones, by
            score; only where that way is itself clear, its interval above 0.
        gains: Of each class over the reference, in AP; NaN for classes without positives.
    """

    runs: Sequence[Record]
    differences: Mapping[str, Estimate]
    closed: Mapping[str, Estimate]
    gains: np.ndarray | None

    def values(self, score: str) -> list[float]:
        return [run.last(score) for run in self.runs]

    def mean(self, score: str) -> float:
        return mean(self.values(score))

    def spread(self, score: str) -> float | None:
        """Standard deviation over seeds; None for a single one."""
        values = self.values(score)
        return stdev(values) if len(values) > 1 else None


Cells = dict[tuple[str, str], Cell]


def compare(
    records: Sequence[Record], reference: str | None, full: str | None, resamples: int = RESAMPLES
) -> Cells:
    """The cells of one table, by loss and labels.

    Args:
        records: Finished runs, each seed of a cell once.
        reference: The loss that the others are compared with, if any.
        full: The labels without a gap, if any.
        resamples: Of the bootstrap.

    Raises:
        ValueError: Runs were not validated on the same images, or one counts twice.
    """
    runs: dict[tuple[str, str], dict[int, Record]] = {}
    for record in records:
        _check_images(records[0], record)
        cell = runs.setdefault((record.result.loss, record.result.labels), {})
        if record.result.seed in cell:
            twin = cell[record.result.seed].result.folder
            raise ValueError(f'{twin} and {record.result.folder} are the same run: leave one out')
        cell[record.result.seed] = record
    counts = draw_counts(len(records[0].predictions.names), resamples)
    moved = {
        id(r): resampled_scores(r.predictions.scores, r.predictions.targets, counts)
        for r in records
    }

    def of(place: tuple[str, str], score: str, seeds: Sequence[int]) -> np.ndarray:
        """The score itself, then the resampled ones; means over seeds."""
        rows = [
            np.append(runs[place][s].last(score), moved[id(runs[place][s])][score]) for s in seeds
        ]
        return np.mean(rows, axis=0)

    def shared(*places: tuple[str, str]) -> list[int]:
        return sorted(set.intersection(*(set(runs.get(place, ())) for place in places)))

    cells = {}
    for (loss, labels), by_seed in runs.items():
        here, low, high = (loss, labels), (reference, labels), (reference, full)
        differences, closed = {}, {}
        both, all_three = shared(here, low), shared(here, low, high)
        for score in SCORES if loss != reference else ():
            if both:
                differences[score] = _estimate(of(here, score, both) - of(low, score, both), both)
            if all_three and labels != full:
                gap = of(high, score, all_three) - of(low, score, all_three)
                if gap[0] > 0 and interval(gap[1:])[0] > 0:
                    way = of(here, score, all_three) - of(low, score, all_three)
                    closed[score] = _estimate(100 * way / gap, all_three)
        gains = [_precisions(by_seed[s]) - _precisions(runs[low][s]) for s in both]
        cells[here] = Cell(
            [by_seed[seed] for seed in sorted(by_seed)],
            differences,
            closed,
            np.mean(gains, axis=0) if gains and loss != reference else None,
        )
    return cells


def _estimate(values: np.ndarray, seeds: Sequence[int]) -> Estimate:
    return Estimate(float(values[0]), *interval(values[1:]), seeds)


def _precisions(record: Record) -> np.ndarray:
    return average_precision(record.predictions.scores, record.predictions.targets)


def _check_images(first: Record, other: Record) -> None:
    a, b = first.predictions, other.predictions
    for part in ('names', 'classes', 'targets'):
        if not np.array_equal(getattr(a, part), getattr(b, part)):
            raise ValueError(
                f'{first.result.folder} and {other.result.folder} were validated on different images '
                f'or labels (their {part} differ): expected one validation set for all runs of a table'
            )
