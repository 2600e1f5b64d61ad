"""How thresholds are chosen from probabilities and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .curves import Curves, common_macro_f1

_EDGE = 1e-7  # log-odds are mixed between this and 1 - this


@dataclass(frozen=True)
class Rule:
    """What thresholds are to achieve.

    Attributes:
        goal: ``'micro_f1'``, ``'macro_f1'``, ``'precision'``, ``'recall'`` or ``'rates'``.
        wanted: Precision or recall to keep, in [0, 1].
        rates: Expected share of the images of each class, (C,), in [0, 1]; None without.
        per_class: Whether each class has a threshold of its own.
        shrinkage: Positives at which a class has gone half the way to its own threshold.
    """

    goal: str
    wanted: float
    rates: np.ndarray | None
    per_class: bool
    shrinkage: float

    def fit(
        self, probabilities: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, float, np.ndarray]:
        """Return thresholds (C,), the common one, and the classes that miss a wanted precision."""
        size, classes = labels.shape
        known = labels >= 0 if self.rates is None else np.full(labels.shape, True)
        pooled = Curves.of(
            probabilities.reshape(-1, 1), labels.reshape(-1, 1), known.reshape(-1, 1)
        )
        total = None if self.rates is None else np.array([self.rates.sum() * size])
        if self.goal == 'macro_f1':
            common = common_macro_f1(probabilities, labels)
        else:
            common = float(self._own(pooled, total)[0][0])
        if not self.per_class:
            return np.full(classes, common), common, np.zeros(0, np.int64)
        expected = None if self.rates is None else self.rates * size
        curves = Curves.of(probabilities, labels, known)
        own, reached = self._own(curves, expected)
        evidence = curves.positives if expected is None else expected
        values = _mixed(own, common, evidence, self.shrinkage)
        return values, common, np.flatnonzero(~reached & (evidence > 0))

    def _own(self, curves: Curves, expected: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return the threshold of each curve, and whether it keeps what is wanted."""
        if expected is not None:
            return curves.threshold(curves.closest_number(expected)), np.full(len(expected), True)
        if self.goal == 'micro_f1':
            best = curves.best_micro_f1()
        elif self.goal == 'macro_f1':
            best = curves.best_f1()
        elif self.goal == 'precision':
            best = curves.last_with_precision(self.wanted)
        else:
            best = curves.first_with_recall(self.wanted)
        return curves.threshold(best), best >= 0


def _mixed(own: np.ndarray, common: float, evidence: np.ndarray, shrinkage: float) -> np.ndarray:
    """Return the means of own thresholds and the common one, in log-odds."""
    if not shrinkage:
        return np.where(evidence > 0, own, common)
    weight = evidence / (evidence + shrinkage)

    def odds(values: np.ndarray) -> np.ndarray:
        clipped = np.clip(values, _EDGE, 1 - _EDGE)
        return np.asarray(np.log(clipped) - np.log1p(-clipped))

    mixed = weight * odds(own) + (1 - weight) * odds(np.asarray(common))
    return np.asarray(np.where(weight > 0, 1 / (1 + np.exp(-mixed)), common))
