"""How far scores and their differences would move with other validation images; numpy alone.

A resample draws N images of N with replacement. It is stored as the number of times that each image
was drawn. Scores then need the predictions sorted once, for any number of resamples.
"""

from __future__ import annotations

import numpy as np

from ...evaluation import multi_label_scores

RESAMPLES = 1000
_BLOCK = 2_000_000  # entries of ``counts`` that are scored at a time, which bounds the memory

Estimate = tuple[float, float, float]  # a value and the ends of its 95 % interval


def draw_counts(images: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """Draw resamples and count how often each contains each image.

    All runs of a comparison share one draw, so that their differences are paired.

    Args:
        images: Number of images N.
        resamples: Number of resamples R.
        seed: Seed of the draw.

    Returns:
        Whole numbers (R, N); each row has the sum N.
    """
    random = np.random.default_rng(seed)
    counts = np.zeros((resamples, images), np.uint16)
    for row in counts:
        row[:] = np.bincount(random.integers(0, images, images), minlength=images)
    return counts


def resampled_scores(
    scores: np.ndarray,
    targets: np.ndarray,
    counts: np.ndarray,
    threshold: float | np.ndarray = 0.5,
) -> dict[str, np.ndarray]:
    """Compute the scores of each resample, in percent, by the rules of :func:`multi_label_scores`.

    A class without a positive among all images counts as 0, as there. A class whose positives merely
    were not drawn is left out of the mean of its resample: counted as 0 it would pull the scores of
    rare classes, and so the difference of two losses, towards 0.

    Args:
        scores: Probabilities (N, C).
        targets: 1 present, 0 absent, -1 unknown, (N, C).
        counts: Resamples (R, N) from :func:`draw_counts`.
        threshold: Probability above which an entry counts as predicted; or one a class, (C,).

    Returns:
        ``mAP`` and ``OF1``, (R,) each, and ``AP`` of each class, (R, C); NaN where no positive was
        drawn.

    Raises:
        ValueError: If scores or targets are invalid, or ``counts`` has another number of images.
    """
    multi_label_scores(scores, targets, threshold)  # raises for invalid input
    if counts.shape[1] != len(scores):
        raise ValueError(f'expected counts of {len(scores)} images, got {counts.shape[1]}')
    scores, targets = np.asarray(scores, np.float64), np.asarray(targets)
    occurring = np.flatnonzero((targets == 1).any(0))
    ranked = {
        index: _RankedClass(scores[:, index], targets[:, index]) for index in occurring.tolist()
    }
    predicted = (scores > threshold) & (targets >= 0)
    per_image = [(predicted & (targets == 1)).sum(1), predicted.sum(1), (targets == 1).sum(1)]
    sums = np.stack(per_image, axis=1).astype(np.float64)
    precisions = np.full((len(counts), scores.shape[1]), np.nan)
    f1 = np.empty(len(counts))
    for rows in np.array_split(np.arange(len(counts)), max(1, counts.size // _BLOCK)):
        block = counts[rows]
        for index, one in ranked.items():
            precisions[rows, index] = one.average_precision(block)
        hits, claims, positives = (block @ sums).T
        f1[rows] = 100 * 2 * hits / np.maximum(claims + positives, 1)
    drawn = np.maximum((~np.isnan(precisions)).sum(1), 1)
    mean = np.nansum(precisions, axis=1) / drawn
    return {'mAP': len(ranked) / scores.shape[1] * mean, 'OF1': f1, 'AP': precisions}


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of resampled values.

    Args:
        values: Value of each resample, (R,).
        level: Share of the values inside the interval, in (0, 1).
    """
    outside = 100 * (1 - level) / 2
    low, high = np.percentile(values, [outside, 100 - outside])
    return float(low), float(high)


class _RankedClass:
    """One class, with its images sorted by score once."""

    def __init__(self, scores: np.ndarray, targets: np.ndarray) -> None:
        known = np.flatnonzero(targets >= 0)
        self.order = known[np.argsort(-scores[known], kind='stable')]
        ranked = scores[self.order]
        ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # of equal scores
        self.hits_at = np.flatnonzero(targets[self.order] == 1)
        # precision counts where the positives of a rank end
        self.end_of_hit = ends[np.searchsorted(ends, self.hits_at)]

    def average_precision(self, counts: np.ndarray) -> np.ndarray:
        """Compute the AP of each resample, in percent; NaN where no positive was drawn."""
        drawn = counts[:, self.order]
        seen = np.cumsum(drawn, axis=1, dtype=np.int32)[:, self.end_of_hit]
        weight = drawn[:, self.hits_at].astype(np.int32)
        hits = np.cumsum(weight, axis=1)
        # hits up to the end of a rank of equal scores: those of its last positive
        last = np.searchsorted(self.end_of_hit, self.end_of_hit, side='right') - 1
        precision = hits[:, last] / np.maximum(seen, 1)
        total = hits[:, -1]
        ap = 100 * (weight * precision).sum(1) / np.maximum(total, 1)
        return np.where(total > 0, ap, np.nan)
