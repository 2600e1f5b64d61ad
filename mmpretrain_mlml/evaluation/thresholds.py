"""Decision thresholds that are chosen on labelled images, or from the expected rate of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .functional import check_scores
from .threshold_rule import Rule
from .threshold_scores import counts_of_images, interval_of_score, score_of_counts

ABOUT = ('common', 'goal', 'score', 'cross_fitted', 'interval')
GOALS = ('micro_f1', 'macro_f1', 'precision', 'recall')


@dataclass(frozen=True)
class Thresholds:
    """Result of :func:`tune_thresholds`.

    Attributes:
        values: Threshold of each class, (C,), float64, in [0, 1]. A class is predicted if its
            probability is greater.
        common: The best threshold for all classes together.
        goal: What was tuned for: ``'micro_f1'``, ``'macro_f1'``, ``'precision'``, ``'recall'`` or
            ``'rates'``.
        score: Score on the images of the tuning, in percent; None without labels.
        cross_fitted: The same score where each image was decided with thresholds that were tuned
            without it: what to expect of new images. None without labels.
        interval: Bootstrap interval of ``cross_fitted`` over images, in percent; None without labels.
        positives: Observed positives of each class, (C,), int64.
        unreached: Indices of the classes that do not reach the wanted precision at any threshold.
            They are predicted as seldom as the mixture with ``common`` allows.
    """

    values: np.ndarray
    common: float
    goal: str
    score: float | None
    cross_fitted: float | None
    interval: tuple[float, float] | None
    positives: np.ndarray
    unreached: np.ndarray

    def about(self) -> dict[str, Any]:
        """Return goal and scores, ready for JSON."""
        return {name: getattr(self, name) for name in ABOUT}

    def summary(self) -> str:
        """Return goal, range and scores in a line.

        >>> tune_thresholds(np.array([[0.9], [0.2]]), rates=[0.5]).summary()
        'rates: threshold 0.5500'
        """
        low, high = self.values.min(), self.values.max()
        text = f'{self.goal}: threshold {self.common:.4f}'
        if low < high:
            text = f'{self.goal}: thresholds {low:.4f} to {high:.4f}, common {self.common:.4f}'
        if self.interval is None or self.score is None or self.cross_fitted is None:
            return text
        return (
            f'{text}; {self.score:.2f} on these images, {self.cross_fitted:.2f} cross-fitted '
            f'({self.interval[0]:.2f} to {self.interval[1]:.2f})'
        )


def tune_thresholds(
    probabilities: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    goal: str = 'micro_f1',
    wanted: float | None = None,
    rates: Sequence[float] | np.ndarray | None = None,
    per_class: bool = False,
    shrinkage: float = 5.0,
    folds: int = 5,
    bootstrap: int = 200,
    confidence: float = 95.0,
    seed: int = 0,
) -> Thresholds:
    """Choose the thresholds that serve a goal best, among all that decide differently.

    Unobserved entries are left out everywhere. ``'micro_f1'`` is OF1 of
    :func:`multi_label_scores`; ``'macro_f1'`` is the mean F1 of the classes with positives.
    ``'precision'`` takes the lowest threshold that keeps the wanted precision, ``'recall'`` the
    highest that keeps the wanted recall. With ``rates``, as many entries are predicted as are expected
    to be present.

    With ``per_class`` each class has its own threshold, mixed in log-odds with the common one: its own
    has the weight ``n / (n + shrinkage)``, n being the observed positives of the class or, with
    ``rates``, the expected ones. A class without positives gets the common threshold.

    Args:
        probabilities: Probabilities, (N, C), in [0, 1]. An entry of probability 0 is never predicted.
        labels: 1 present, 0 absent, -1 unobserved, (N, C). None only with ``rates``.
        goal: ``'micro_f1'``, ``'macro_f1'``, ``'precision'`` or ``'recall'``; not used with ``rates``.
        wanted: Precision or recall to keep, in percent, in (0, 100].
        rates: Expected share of the images in which each class is present, (C,), in [0, 1].
        per_class: Whether each class has a threshold of its own.
        shrinkage: Number of positives at which a class has gone half the way to its own threshold.
        folds: Number of parts for the cross-fitted score, at least 2.
        bootstrap: Number of resamples for its interval, at least 1.
        confidence: Coverage of the interval, in percent.
        seed: Seed of folds and resamples.

    Raises:
        ValueError: If shapes differ, a probability lies outside [0, 1], a label is not one of the
            three values, no entry is positive, or an argument lies outside its range.

    >>> probabilities = np.array([[0.9, 0.3], [0.4, 0.1], [0.2, 0.2], [0.3, 0.1]])
    >>> labels = np.array([[1, 1], [1, 0], [0, 0], [0, 0]])
    >>> chosen = tune_thresholds(probabilities, labels, per_class=True, shrinkage=0)
    >>> chosen.values.round(2).tolist(), chosen.score
    ([0.35, 0.25], 100.0)
    """
    probabilities, labels = _checked(probabilities, labels, rates)
    rule = Rule(
        _checked_goal(goal, wanted, rates, labels),
        0.0 if wanted is None else wanted / 100,
        None if rates is None else np.asarray(rates, np.float64),
        per_class,
        shrinkage,
    )
    if not shrinkage >= 0 or folds < 2 or bootstrap < 1 or not 0 < confidence < 100:
        raise ValueError(
            'expected shrinkage >= 0, folds >= 2, bootstrap >= 1 and confidence in (0, 100), got '
            f'{shrinkage}, {folds}, {bootstrap} and {confidence}'
        )
    values, common, unreached = rule.fit(probabilities, labels)
    if rates is not None and (labels == -1).all():
        none = np.zeros(len(values), np.int64)
        return Thresholds(values, common, rule.goal, None, None, None, none, unreached)
    by_class = per_class or goal == 'macro_f1'
    part = np.random.default_rng(seed).permutation(len(labels)) % min(folds, len(labels))
    limits = np.empty(labels.shape)
    for fold in range(part.max() + 1):
        inside = part == fold
        fitted = values if inside.all() else rule.fit(probabilities[~inside], labels[~inside])[0]
        limits[inside] = fitted
    score_name = 'micro_f1' if rates is not None else goal
    counts = counts_of_images(probabilities > limits, labels)
    return Thresholds(
        values,
        common,
        rule.goal,
        score_of_counts(
            counts_of_images(probabilities > values, labels).sum(1), score_name, by_class
        ),
        score_of_counts(counts.sum(1), score_name, by_class),
        interval_of_score(counts, score_name, by_class, bootstrap, confidence, seed),
        (labels == 1).sum(0),
        unreached,
    )


def _checked(
    probabilities: np.ndarray, labels: np.ndarray | None, rates: Any
) -> tuple[np.ndarray, np.ndarray]:
    if labels is None:
        if rates is None:
            raise ValueError('expected labels, or the expected rate of each class, got neither')
        labels = np.full(np.shape(probabilities), -1, np.int8)
    probabilities, labels = check_scores(probabilities, labels)
    if probabilities.min() < 0 or probabilities.max() > 1:
        raise ValueError(
            'expected probabilities in [0, 1], got values from '
            f'{probabilities.min():.4g} to {probabilities.max():.4g}'
        )
    return probabilities.astype(np.float64), labels


def _checked_goal(goal: str, wanted: float | None, rates: Any, labels: np.ndarray) -> str:
    if goal not in GOALS:
        raise ValueError(f'unknown goal {goal!r}; expected one of {GOALS}')
    if rates is not None:
        given, classes = np.asarray(rates, np.float64), labels.shape[1]
        if given.shape != (classes,) or not ((given >= 0) & (given <= 1)).all():
            raise ValueError(
                f'expected a rate in [0, 1] for each of {classes} classes, got {rates!r}'
            )
        if wanted is not None or goal != 'micro_f1':
            raise ValueError('rates replace goal and wanted: expected one of the two')
        return 'rates'
    if (wanted is not None) != (goal in ('precision', 'recall')):
        raise ValueError(f'goal {goal!r}: got wanted={wanted!r}; precision and recall need it')
    if wanted is not None and not 0 < wanted <= 100:
        raise ValueError(f'expected wanted in (0, 100] percent, got {wanted!r}')
    if not (labels == 1).any():
        raise ValueError('no entry is positive (1): thresholds cannot be tuned on these labels')
    return goal
