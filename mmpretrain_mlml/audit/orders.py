"""Orders in which a person decides about entries: what is looked at first.

An order ranks candidate entries by their evidence (the probability that a decision changes the label)
and by the frequency of their class. Entries of equal rank keep the order of the table, so an order
depends on its input alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Order = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def by_probability(evidence: np.ndarray, frequency: np.ndarray, limit: int) -> np.ndarray:
    """Rank by evidence alone: finds the most labels, most of them of frequent classes.

    Args:
        evidence: Probability that the label changes, (K,).
        frequency: Observed positives of the class of each entry, (K,), greater than 0.
        limit: Number of entries to return, at most K.

    Returns:
        Positions of the best entries, (limit,), best first.
    """
    return _largest(evidence, limit)


def balanced(evidence: np.ndarray, frequency: np.ndarray, limit: int) -> np.ndarray:
    """Rank by evidence divided by class frequency: mAP counts rare classes like common ones.

    Arguments and result as for :func:`by_probability`.
    """
    return _largest(evidence / frequency, limit)


def alternating(evidence: np.ndarray, frequency: np.ndarray, limit: int) -> np.ndarray:
    """Take the next entry of :func:`by_probability` and of :func:`balanced` in turn.

    One half of the decisions finds many labels (OF1), the other half those of rare classes (mAP).

    Arguments and result as for :func:`by_probability`.
    """
    turns = np.empty(2 * limit, np.int64)
    turns[0::2] = by_probability(evidence, frequency, limit)
    turns[1::2] = balanced(evidence, frequency, limit)
    _, first_turn = np.unique(turns, return_index=True)
    return turns[np.sort(first_turn)[:limit]]


ORDERS: dict[str, Order] = {
    'alternating': alternating,
    'probability': by_probability,
    'balanced': balanced,
}


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the largest values, largest first, equal ones by position."""
    if 0 < count < len(values):
        smallest = np.partition(values, len(values) - count)[len(values) - count]
        above = np.flatnonzero(values > smallest)
        equal = np.flatnonzero(values == smallest)[: count - len(above)]
        candidates = np.sort(np.concatenate([above, equal]))
    else:
        candidates = np.arange(len(values))
    best: np.ndarray = candidates[np.argsort(-values[candidates], kind='stable')]
    return best[:count]
