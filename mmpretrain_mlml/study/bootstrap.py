"""How far scores and their differences would move with other validation images: numpy alone.

A resample draws N images of N with replacement. It is kept as how often each image was drawn, so
that scores need one sorting of the predictions whatever the number of resamples.
"""

from __future__ import annotations

import numpy as np

from ..evaluation import multi_label_scores

RESAMPLES = 1000
_AT_ONCE = 2_000_000  # numbers in a block of resamples, which bounds the memory


def draw_counts(images: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each image is drawn in each resample.

    All runs to be compared share one draw: the differences are then paired.

    Args:
        images: N.
        resamples: R.
        seed: Of the draw.

    Returns:
        (R, N), whole numbers, each row with the sum N.
    """
    random = np.random.default_rng(seed)
    drawn = np.zeros((resamples, images), np.uint16)
    for row in drawn:
        row[:] = np.bincount(random.integers(0, images, images), minlength=images)
    return drawn


def resampled_scores(
    scores: np.ndarray, targets: np.ndarray, counts: np.ndarray, threshold: float = 0.5
) -> dict[str, np.ndarray]:
    """The mAP and OF1 of each resample, in percent, as :func:`multi_label_scores` counts them.

    A class without a positive among all images counts as 0, as there. One that merely was not drawn is
    left out of its resample's mean: counted as 0 it would pull rare classes, and so the difference of
    two losses, towards 0.

    Args:
        scores: (N, C).
        targets: (N, C) of 1, 0 and -1.
        counts: (R, N), of :func:`draw_counts`.
        threshold: As in :func:`multi_label_scores`.

    Returns:
        ``mAP`` and ``OF1``, (R,) each.

    Raises:
        ValueError: As in :func:`multi_label_scores`, or the counts are of another number of images.
    """
    multi_label_scores(scores, targets, threshold)  # checks them
    if counts.shape[1] != len(scores):
        raise ValueError(f'expected counts of {len(scores)} images, got {counts.shape[1]}')
    scores, targets = np.asarray(scores, np.float64), np.asarray(targets)
    occurring = np.flatnonzero((targets == 1).any(0))
    ranked = [_Ranked(scores[:, index], targets[:, index]) for index in occurring]
    predicted = (scores > threshold) & (targets >= 0)
    sums = [(predicted & (targets == 1)).sum(1), predicted.sum(1), (targets == 1).sum(1)]
    by_image = np.stack(sums, axis=1).astype(np.float64)
    found = {'mAP': [], 'OF1': []}
    for block in np.array_split(counts, max(1, counts.size // _AT_ONCE)):
        total, drawn = np.zeros(len(block)), np.zeros(len(block), int)
        for one in ranked:
            ap = one.average_precision(block)
            total += np.nan_to_num(ap)
            drawn += ~np.isnan(ap)
        found['mAP'].append(len(ranked) / scores.shape[1] * total / np.maximum(drawn, 1))
        hits, claims, positives = (block @ by_image).T
        found['OF1'].append(100 * 2 * hits / np.maximum(claims + positives, 1))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval of resampled values."""
    outside = 100 * (1 - level) / 2
    low, high = np.percentile(values, [outside, 100 - outside])
    return float(low), float(high)


class _Ranked:
    """One class, its images sorted once."""

    def __init__(self, scores: np.ndarray, targets: np.ndarray) -> None:
        known = np.flatnonzero(targets >= 0)
        self.order = known[np.argsort(-scores[known], kind='stable')]
        ranked = scores[self.order]
        ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # of equal scores
        self.hits_at = np.flatnonzero(targets[self.order] == 1)
        # precision counts where the positives of a rank end
        self.end_of_hit = ends[np.searchsorted(ends, self.hits_at)]

    def average_precision(self, counts: np.ndarray) -> np.ndarray:
        """Of each resample, in percent; NaN where no positive was drawn."""
        drawn = counts[:, self.order]
        seen = np.cumsum(drawn, axis=1, dtype=np.int32)[:, self.end_of_hit]
        weight = drawn[:, self.hits_at].astype(np.int32)
        hits = np.cumsum(weight, axis=1)
        # hits up to the end of a rank of equal scores: those of its last positive
        last = np.searchsorted(self.end_of_hit, self.end_of_hit, side='right') - 1
        precision = hits[:, last] / np.maximum(seen, 1)
        total = hits[:, -1]
        found = 100 * (weight * precision).sum(1) / np.maximum(total, 1)
        return np.where(total > 0, found, np.nan)
