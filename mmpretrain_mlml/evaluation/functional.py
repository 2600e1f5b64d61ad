"""Scores of multi-label predictions.

``scores`` are probabilities, or other values that rank, of shape (N, C). ``targets`` of the same shape
are 1 for present, 0 for absent and -1 for unobserved. Unobserved entries are left out everywhere.
Scores are compared as they are, in float32 or float64; all averages are computed in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .threshold_limits import limits_of_classes

BLOCK = 1 << 19  # entries that are copied at a time
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
    threshold: float | np.ndarray = 0.5,
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
        threshold: Decision threshold, finite; or one for each class, (C,).
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
    scores, targets = check_scores(scores, targets)
    if empty_classes not in EMPTY_CLASSES:
        raise ValueError(
            f'unknown empty_classes {empty_classes!r}; expected one of {EMPTY_CLASSES}'
        )
    chosen = None if topk is None else top_entries(scores, targets, topk)
    limits = limits_of_classes(threshold, scores)
    hits, predictions, positives = np.zeros((3, scores.shape[1]), np.int64)
    ap = np.full(scores.shape[1], np.nan)
    for index, (column, present, picked) in enumerate(_columns(scores, targets, chosen)):
        predicted = column > limits[index] if picked is None else picked
        positives[index] = len(present)
        predictions[index] = np.count_nonzero(predicted)
        hits[index] = np.count_nonzero(predicted[present])
        ap[index] = _average_precision(column, present)
    counted = positives > 0 if empty_classes == 'skip' else np.full(len(positives), True)
    if not counted.any():
        raise ValueError("no class has a positive, and empty_classes='skip' leaves out all of them")

    def class_mean(values: np.ndarray) -> float:
        return float(values[counted].mean())

    precision, recall = ratio(hits, predictions), ratio(hits, positives)
    f1 = harmonic(precision, recall)
    cp, cr = class_mean(precision), class_mean(recall)
    op, or_ = (
        float(ratio(hits.sum(), predictions.sum())),
        float(ratio(hits.sum(), positives.sum())),
    )
    mean_ap, cf1 = class_mean(np.nan_to_num(ap)), float(harmonic(cp, cr))
    values = mean_ap, cp, cr, cf1, class_mean(f1), op, or_, float(harmonic(op, or_))
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
    return np.array(
        [
            _average_precision(column, present)
            for column, present, _ in _columns(*check_scores(scores, targets), None)
        ]
    )


def _average_precision(scores: np.ndarray, present: np.ndarray) -> float:
    """Return the average precision of a class in percent; NaN without positives.

    Args:
        scores: Scores of the class, overwritten.
        present: Positions of the positives.
    """
    if not len(present):
        return float('nan')
    own = np.sort(scores[present])
    scores.sort()  # with the positives' places in it, all that is needed: no order of the images
    hits = len(own) - np.searchsorted(own, own)
    return float(100 * np.mean(hits / (len(scores) - np.searchsorted(scores, own))))


def _columns(
    scores: np.ndarray, targets: np.ndarray, chosen: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
    """Yield for each class its observed scores, the positions of its positives, and what is chosen.

    A block of classes is copied at a time, so that a class lies in one piece of memory.

    Args:
        scores: Scores, (N, C).
        targets: Targets, (N, C).
        chosen: Chosen entries, (N, C), bool; or None.
    """
    size = max(BLOCK // len(scores), 1)
    for start in range(0, scores.shape[1], size):
        part = slice(start, start + size)
        block = scores[:, part].T.copy()
        of_block = np.ascontiguousarray(targets[:, part].T)
        picked_block = None if chosen is None else np.ascontiguousarray(chosen[:, part].T)
        for row, (column, target) in enumerate(zip(block, of_block)):
            picked = None if picked_block is None else picked_block[row]
            if target.min() < 0:
                known = target >= 0
                column, target = column[known], target[known]
                picked = None if picked is None else picked[known]
            yield column, np.flatnonzero(target), picked


def check_scores(scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return scores in float32 or float64 and the targets, as arrays; neither is copied if it fits."""
    scores, targets = np.asarray(scores), np.asarray(targets)
    if scores.dtype not in (np.float32, np.float64):
        scores = scores.astype(np.float32 if scores.dtype == np.float16 else np.float64)  # exact
    if scores.ndim != 2 or scores.shape != targets.shape or scores.size == 0:
        raise ValueError(
            'expected scores and targets of one non-empty shape (N, C), '
            f'got {scores.shape} and {targets.shape}'
        )
    if not all(np.isfinite(rows).all() for rows in _blocks(scores)):
        row, column = np.argwhere(~np.isfinite(scores))[0]
        raise ValueError(
            f'expected finite scores, got {(~np.isfinite(scores)).sum()} that are not, the first '
            f'{scores[row, column]} for class {column} of sample {row}'
        )
    if not all(_are_targets(rows).all() for rows in _blocks(targets)):
        others = np.unique(targets[~_are_targets(targets)])
        raise ValueError(f'expected targets of 1, 0 and -1, got also {others[:5].tolist()}')
    return scores, targets


def _are_targets(values: np.ndarray) -> np.ndarray:
    meant: np.ndarray = (values == 1) | (values == 0) | (values == -1)
    return meant


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield views of whole rows, so that what is computed of them is small."""
    size = max(BLOCK // 4 // values.shape[1], 1)
    return (values[start : start + size] for start in range(0, len(values), size))


def top_entries(scores: np.ndarray, targets: np.ndarray, topk: int) -> np.ndarray:
    """Return which entries are among the ``topk`` highest observed scores of their image, (N, C)."""
    if not 1 <= topk <= scores.shape[1]:
        raise ValueError(f'expected topk in [1, {scores.shape[1]}], got {topk}')
    chosen = np.zeros(scores.shape, bool)
    for rows, observed, out in zip(_blocks(scores), _blocks(targets), _blocks(chosen)):
        order = np.argsort(np.where(observed >= 0, -rows, np.inf), axis=1, kind='stable')
        np.put_along_axis(out, order[:, :topk], True, axis=1)
    return chosen


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return ``part / whole`` in percent, 0 if ``whole`` is 0."""
    ratio: np.ndarray = 100 * np.asarray(part, np.float64) / np.maximum(whole, 1)
    return ratio


def harmonic(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    total = np.add(a, b)
    mean: np.ndarray = 2 * np.multiply(a, b) / np.where(total > 0, total, 1)
    return mean
