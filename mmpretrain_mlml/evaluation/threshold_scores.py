"""Scores of decisions from counts by image, and their bootstrap interval."""

from __future__ import annotations

import numpy as np

from .functional import harmonic, ratio


def counts_of_images(decided: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return hits, predictions and positives of each entry, (3, N, C), bool; none where unobserved.

    Args:
        decided: Whether a class is predicted, (N, C).
        labels: 1 present, 0 absent, -1 unobserved, (N, C).
    """
    present = labels == 1
    return np.stack([decided & present, decided & (labels >= 0), present])


def score_of_counts(counts: np.ndarray, score: str, by_class: bool) -> float:
    """Return a score in percent.

    Args:
        counts: Hits, predictions and positives of each class, (3, C).
        score: ``'micro_f1'``, ``'macro_f1'``, ``'precision'`` or ``'recall'``.
        by_class: Whether precision and recall are means over the classes with positives.
    """
    if by_class and score != 'micro_f1':
        hits, predictions, positives = counts[:, counts[2] > 0]
    else:
        hits, predictions, positives = counts.sum(1, keepdims=True)
    precision, recall = ratio(hits, predictions), ratio(hits, positives)
    values = {'precision': precision, 'recall': recall}.get(score)
    if values is None:
        values = harmonic(precision, recall)
    return float(values.mean()) if values.size else 0.0


def interval_of_score(
    counts: np.ndarray, score: str, by_class: bool, resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Return the percentile interval of a score over resampled images.

    Args:
        counts: Hits, predictions and positives of each entry, (3, N, C).
        score: As for :func:`score_of_counts`.
        by_class: As for :func:`score_of_counts`.
        resamples: Number of resamples.
        confidence: Coverage, in percent.
        seed: Seed of the resamples.
    """
    random, size = np.random.default_rng(seed), counts.shape[1]
    if not by_class or score == 'micro_f1':
        counts = counts.sum(2, keepdims=True)
    numbers = np.ascontiguousarray(counts.transpose(1, 0, 2).reshape(size, -1), np.float64)
    drawn = []
    for _ in range(resamples):
        weights = np.bincount(random.integers(size, size=size), minlength=size)
        drawn.append(score_of_counts((weights @ numbers).reshape(3, -1), score, by_class))
    low, high = np.percentile(drawn, [50 - confidence / 2, 50 + confidence / 2])
    return float(low), float(high)
