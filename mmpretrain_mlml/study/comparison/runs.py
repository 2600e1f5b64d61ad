"""Any runs beside a reference, by class: a mean over those of one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from ..records.compared_run import ComparedRun
from .bootstrap import RESAMPLES, Estimate, draw_counts
from .paired import ClassGains, Resampled, class_gains, estimate, require_same_images


@dataclass(frozen=True)
class ComparedRuns:
    """Runs of one name beside the reference.

    Attributes:
        name: Name of the runs.
        runs: The runs, such as one for each seed.
        scores: mAP and OF1, means over the runs.
        precisions: AP of each class, mean over the runs, (C,); NaN for classes without positives.
        differences: mAP and OF1 minus those of the reference, with 95 % intervals over images; empty
            for the reference.
        gains: What each class gains over the reference; None for the reference.
    """

    name: str
    runs: Sequence[ComparedRun]
    scores: Mapping[str, float]
    precisions: np.ndarray
    differences: Mapping[str, Estimate]
    gains: ClassGains | None


@dataclass(frozen=True)
class Comparison:
    """Runs on the same validation images, compared with the first of them.

    Attributes:
        groups: The reference, then the others.
        classes: C class names.
        positives: Number of positives of each class, (C,).
        images: Number of images.
        missing: Share of each class's labels that was missing in training, (C,), of the first runs
            that missed some: the reference's, if it did. None if that is not known.
        missing_in: Name of those runs, or why there are none.
    """

    groups: Sequence[ComparedRuns]
    classes: Sequence[str]
    positives: np.ndarray
    images: int
    missing: np.ndarray | None
    missing_in: str

    @property
    def reference(self) -> ComparedRuns:
        """What the others are compared with."""
        return self.groups[0]

    @property
    def others(self) -> Sequence[ComparedRuns]:
        """What is compared with the reference."""
        return self.groups[1:]


def compare_runs(
    runs: Mapping[str, Sequence[ComparedRun]], resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Compare runs with a reference, on resamples of the validation images that all share.

    Args:
        runs: Runs by name, the reference first. Scores are means over the runs of a name.
        resamples: Number of resamples of the bootstrap.
        seed: Seed of the draw.

    Raises:
        ValueError: If there are fewer than two names, or runs were validated on different images,
            classes or labels.
    """
    if len(runs) < 2:
        raise ValueError(f'expected two runs or more to compare, got {list(runs)}')
    first = next(iter(runs.values()))[0]
    for run in (run for group in runs.values() for run in group):
        require_same_images(first.predictions, run.predictions, first.path, run.path)
    images = len(first.predictions.names)
    counts = draw_counts(images, resamples, seed)
    drawn = {
        name: [Resampled.of(run.predictions, counts, run.threshold) for run in group]
        for name, group in runs.items()
    }
    reference, *_ = drawn.values()
    groups = [
        ComparedRuns(
            name,
            runs[name],
            {score: float(values[0]) for score, values in _mean(own).items()},
            np.mean([run.precisions[0] for run in own], axis=0),
            {} if own is reference else _differences(own, reference),
            None if own is reference else class_gains(own, reference),
        )
        for name, own in drawn.items()
    ]
    missing, missing_in = _missing(runs)
    positives = (first.predictions.targets == 1).sum(0)
    classes = first.predictions.classes.tolist()
    return Comparison(groups, classes, positives, images, missing, missing_in)


def rank_correlation(comparison: Comparison, group: ComparedRuns) -> float | None:
    """Return Spearman's correlation of gain and share of missing labels over the classes.

    Returns:
        The correlation, in [-1, 1]; None for the reference, or where it is not defined.
    """
    if group.gains is None or comparison.missing is None:
        return None
    shown = ~np.isnan(group.gains.values) & ~np.isnan(comparison.missing)
    gains, missing = group.gains.values[shown], comparison.missing[shown]
    if len(np.unique(gains)) < 3 or len(np.unique(missing)) < 3:
        return None
    return float(spearmanr(gains, missing).statistic)


def _mean(runs: Sequence[Resampled]) -> dict[str, np.ndarray]:
    return {score: np.mean([run.scores[score] for run in runs], axis=0) for score in runs[0].scores}


def _differences(own: Sequence[Resampled], other: Sequence[Resampled]) -> dict[str, Estimate]:
    there = _mean(other)
    return {score: estimate(values - there[score]) for score, values in _mean(own).items()}


def _missing(runs: Mapping[str, Sequence[ComparedRun]]) -> tuple[np.ndarray | None, str]:
    for name, group in runs.items():
        known = [run.missing for run in group if run.missing is not None]
        if len(known) == len(group) and np.nansum(known) > 0:
            return np.mean(known, axis=0), name
    reason = next((run.why_unknown for group in runs.values() for run in group), '')
    return None, reason or 'no label was missing'
