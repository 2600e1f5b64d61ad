"""Scores of multi-label predictions, computed in float64.

``scores`` are probabilities, or other values that rank, of shape (N, C). ``targets`` of the same shape
are 1 for present, 0 for absent and -1 for unobserved. Unobserved entries are left out everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EMPTY_CLASSES = ('zero', 'skip')
SUMMARY = 'mAP', 'CP', 'CR', 'CF1', 'CF1_classwise_mean', 'OP', 'OR', 'OF1'


@dataclass(frozen=True)
class Scores:
    """Result of :func:`multi_label_scores`, in percent.

    Attributes:
        summary: Scores by name: ``mAP CP CR CF1 CF1_classwise_mean OP OR OF1``.
        ap: Average precision of each class, (C,); NaN for classes without positives.
        precision: Precision of each class, (C,); 0 for classes that are never predicted.
        recall: Recall of each class, (C,); 0 for classes without positives.
        f1: F1 of each class, (C,).
        empty: Indices of the classes without positives.
    """

    summary: dict[str, float]
    ap: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    empty: np.ndarray


def multi_label_scores(
    scores: np.ndarray,
    targets: np.ndarray,
    threshold: float = 0.5,
    topk: int | None = None,
    empty_classes: str = 'zero',
) -> Scores:
    """Compute all scores of a set of predictions.

    A class is predicted if its score is greater than ``threshold`` or, with ``topk``, if it is among
    the k highest scores of its image. ``CP`` and ``CR`` are precision and recall averaged over the
    classes, ``CF1`` is their harmonic mean, and ``CF1_classwise_mean`` is the mean F1 of the classes
    (which the released validation prints as CF1). ``OP``, ``OR`` and ``OF1`` count all entries
    together. Precision without predictions and recall without positives are 0.

    Args:
        scores: Scores, (N, C), finite.
        targets: Targets, (N, C), of 1, 0 and -1.
        threshold: Decision threshold, finite.
        topk: Number of classes predicted for each image, in [1, C]; replaces the threshold.
        empty_classes: ``'zero'`` counts classes without positives as 0 in every average over
            classes, as the released validation does; ``'skip'`` leaves them out.

    Raises:
        ValueError: If shapes differ or are not (N, C), N or C is 0, a score or the threshold is not
            finite, a target is not one of the three values, ``topk`` lies outside [1, C],
            ``empty_classes`` is unknown, or every class would be left out.

    Source: ``validate.py`` released with arXiv 2112.07368.

    >>> scores = np.array([[0.9, 0.2], [0.6, 0.7]])
    >>> summary = multi_label_scores(scores, np.array([[1, 0], [0, 1]])).summary
    >>> summary['mAP'], summary['CP'], round(summary['OF1'], 2)
    (100.0, 75.0, 80.0)
    """
    scores, targets = _check(scores, targets)
    if empty_classes not in EMPTY_CLASSES:
        raise ValueError(
            f'unknown empty_classes {empty_classes!r}; expected one of {EMPTY_CLASSES}'
        )
    if not np.isfinite(threshold).all():
        raise ValueError(f'expected a finite threshold, got {threshold!r}')
    known, present = targets >= 0, targets == 1
    predicted = _predict(np.where(known, scores, -np.inf), threshold, topk)
    hits = (predicted & present).sum(0)
    predictions = (predicted & known).sum(0)
    positives = present.sum(0)

    ap = average_precision(scores, targets)
    counted = positives > 0 if empty_classes == 'skip' else np.full(len(positives), True)
    if not counted.any():
        raise ValueError("no class has a positive, and empty_classes='skip' leaves out all of them")

    def class_mean(values: np.ndarray) -> float:
        return float(values[counted].mean())

    precision, recall = _ratio(hits, predictions), _ratio(hits, positives)
    f1 = _harmonic(precision, recall)
    cp, cr = class_mean(precision), class_mean(recall)
    op, or_ = (
        float(_ratio(hits.sum(), predictions.sum())),
        float(_ratio(hits.sum(), positives.sum())),
    )
    mean_ap, cf1 = class_mean(np.nan_to_num(ap)), float(_harmonic(cp, cr))
    values = mean_ap, cp, cr, cf1, class_mean(f1), op, or_, float(_harmonic(op, or_))
    summary = dict(zip(SUMMARY, values, strict=True))
    return Scores(summary, ap, precision, recall, f1, np.flatnonzero(positives == 0))


def average_precision(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Compute the average precision of each class: the mean precision at the ranks of its positives.

    Entries with equal scores share the last of their ranks, so the order of the images does not
    matter.

    Args:
        scores: Scores, (N, C), finite.
        targets: Targets, (N, C), of 1, 0 and -1.

    Returns:
        Average precision, (C,), in percent; NaN for classes without positives.

    Raises:
        ValueError: As for :func:`multi_label_scores`.

    Source: ``average_precision`` of the validation released with arXiv 2112.07368.

    >>> average_precision(np.array([[0.9], [0.8], [0.7]]), np.array([[1], [0], [1]])).round(2)
    array([83.33])
    """
    scores, targets = _check(scores, targets)
    return np.array([_average_precision(s, t) for s, t in zip(scores.T, targets.T)])


def _average_precision(scores: np.ndarray, targets: np.ndarray) -> float:
    known = targets >= 0
    scores, positive = scores[known], targets[known] == 1
    if not positive.any():
        return float('nan')
    order = np.argsort(-scores)
    ranked = scores[order]
    hits = np.cumsum(positive[order])
    last_of_rank = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    hits = hits[last_of_rank]
    precision = hits / (last_of_rank + 1)
    return float(100 * np.sum(precision * np.diff(hits, prepend=0)) / hits[-1])


def _check(scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scores, targets = np.asarray(scores, np.float64), np.asarray(targets)
    if scores.ndim != 2 or scores.shape != targets.shape or scores.size == 0:
        raise ValueError(
            'expected scores and targets of one non-empty shape (N, C), '
            f'got {scores.shape} and {targets.shape}'
        )
    if not np.isfinite(scores).all():
        row, column = np.argwhere(~np.isfinite(scores))[0]
        raise ValueError(
            f'expected finite scores, got {(~np.isfinite(scores)).sum()} that are not, the first '
            f'{scores[row, column]} for class {column} of sample {row}'
        )
    if not np.isin(targets, (1, 0, -1)).all():
        others = np.unique(targets[~np.isin(targets, (1, 0, -1))])
        raise ValueError(f'expected targets of 1, 0 and -1, got also {others[:5].tolist()}')
    return scores, targets


def _predict(scores: np.ndarray, threshold: float, topk: int | None) -> np.ndarray:
    if topk is None:
        return scores > threshold
    if not 1 <= topk <= scores.shape[1]:
        raise ValueError(f'expected topk in [1, {scores.shape[1]}], got {topk}')
    predicted = np.zeros(scores.shape, bool)
    chosen = np.argsort(-scores, axis=1, kind='stable')[:, :topk]
    np.put_along_axis(predicted, chosen, True, axis=1)
    return predicted


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return ``part / whole`` in percent, 0 if ``whole`` is 0."""
    ratio: np.ndarray = 100 * np.asarray(part, np.float64) / np.maximum(whole, 1)
    return ratio


def _harmonic(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    total = np.add(a, b)
    mean: np.ndarray = 2 * np.multiply(a, b) / np.where(total > 0, total, 1)
    return mean
