"""Hits and predictions of each class at every threshold that decides differently."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curves:
    """The entries of C classes, each sorted by falling score.

    A cut k of a class predicts its first k + 1 entries. It is valid if the entry is known and has
    another score than the next.

    Attributes:
        scores: Sorted scores, (C, N), float64; minus infinity for entries that are left out.
        hits: Positives among the first k + 1 entries, (C, N).
        valid: Whether a cut exists, (C, N).
        positives: Number of positives, (C,).
    """

    scores: np.ndarray
    hits: np.ndarray
    valid: np.ndarray
    positives: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray, labels: np.ndarray, known: np.ndarray) -> Curves:
        """Sort the entries of each class.

        Args:
            scores: Scores, (N, C).
            labels: 1 for positives, (N, C).
            known: Whether an entry counts, (N, C).
        """
        columns = np.where(known, scores, -np.inf).T
        order = np.argsort(-columns, axis=1)
        columns = np.take_along_axis(columns, order, axis=1)
        hits = np.cumsum(np.take_along_axis((labels == 1).T, order, axis=1), axis=1)
        following = np.pad(columns[:, 1:], ((0, 0), (0, 1)), constant_values=-np.inf)
        return cls(columns, hits, (columns > 0) & (following < columns), hits[:, -1])

    def threshold(self, cut: np.ndarray) -> np.ndarray:
        """Return thresholds between the entries of a cut and the others, (C,); -1 predicts none."""
        rows, last = np.arange(len(cut)), self.scores.shape[1] - 1
        lowest = self.scores[rows, np.maximum(cut, 0)]
        highest = np.where(cut < last, self.scores[rows, np.minimum(cut + 1, last)], 0)
        highest = np.maximum(highest, 0)
        between = _between(highest, lowest)
        return np.asarray(np.where(cut < 0, np.maximum(self.scores[:, 0], 0), between))

    def best_f1(self) -> np.ndarray:
        """Return the cut of the best F1 of each class, (C,); -1 if there is none above 0."""
        return self._highest(2 * self.hits / (self._predicted() + self.positives[:, None]))

    def best_micro_f1(self) -> np.ndarray:
        """Return the cuts whose entries together have the best F1, (C,).

        F1 is a ratio of sums over the classes. For the best value r each class maximises
        ``2 hits - r predictions`` by itself, and r rises until nothing changes.

        Source: Dinkelbach, On nonlinear fractional programming, 1967.
        """
        reached, rows = 0.0, np.arange(len(self.hits))
        while True:
            cuts = self._highest(2 * self.hits - reached * self._predicted())
            hits = np.where(cuts < 0, 0, self.hits[rows, cuts]).sum()
            f1 = float(2 * hits / max((cuts + 1).sum() + self.positives.sum(), 1))
            if f1 <= reached:
                return cuts
            reached = f1

    def last_with_precision(self, wanted: float) -> np.ndarray:
        """Return the longest cut with a precision, in [0, 1], of each class, (C,); -1 for none."""
        return self._last(self.hits >= wanted * self._predicted() - 1e-9)

    def first_with_recall(self, wanted: float) -> np.ndarray:
        """Return the shortest cut with a recall, in [0, 1], of each class, or else the longest."""
        enough = self.valid & (self.hits >= wanted * self.positives[:, None] - 1e-9)
        return np.where(enough.any(1), enough.argmax(1), self._last(self.valid))

    def closest_number(self, expected: np.ndarray) -> np.ndarray:
        """Return the cut with the number of predictions nearest to an expected one, (C,)."""
        distance = -np.abs(self._predicted() - expected[:, None])
        return self._highest(distance + expected[:, None])  # above 0: better than none

    def _predicted(self) -> np.ndarray:
        return np.arange(1, self.hits.shape[1] + 1)[None]

    def _highest(self, values: np.ndarray) -> np.ndarray:
        values = np.where(self.valid, values, -np.inf)
        return np.where(values.max(1) > 0, values.argmax(1), -1)

    def _last(self, allowed: np.ndarray) -> np.ndarray:
        allowed = self.valid & allowed
        last = allowed.shape[1] - 1 - allowed[:, ::-1].argmax(1)
        return np.where(allowed.any(1), last, -1)


def common_macro_f1(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the threshold for all classes at which their mean F1 is best.

    The mean changes only at entries, each of which changes the F1 of its class: it is a running sum of
    these changes over all entries, sorted by score.

    Args:
        scores: Scores, (N, C).
        labels: 1 for positives, 0, and -1 for what is left out, (N, C).
    """
    curves = Curves.of(scores, labels, labels >= 0)
    f1 = 2 * curves.hits / (curves._predicted() + curves.positives[:, None])
    changes = np.diff(f1, axis=1, prepend=0.0)
    flat = curves.scores.reshape(-1)
    order = np.argsort(-flat, kind='stable')  # in a class, entries of equal score keep their order
    ordered = flat[order]
    following = np.append(ordered[1:], -np.inf)
    means = np.cumsum(changes.reshape(-1)[order])
    best = int(np.where((ordered > 0) & (following < ordered), means, -np.inf).argmax())
    return float(_between(max(following[best], 0.0), ordered[best]))


def _between(below: np.ndarray | float, above: np.ndarray | float) -> np.ndarray:
    """Return the mean of two scores; the lower one if rounding gives the higher one."""
    middle = (below + above) / 2
    return np.where(middle < above, middle, below)
