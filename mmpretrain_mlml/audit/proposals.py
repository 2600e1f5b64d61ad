"""Which labels a person should look at first. Needs numpy alone."""

from __future__ import annotations

import numpy as np

from .label_blocks import (
    Entries,
    Labels,
    chosen_entries,
    joined,
    present_counts,
    scored_blocks,
    shape_of,
)
from .orders import ORDERS, balanced, by_probability

KINDS = ('missing', 'wrong', 'estimate')
PROPOSED = KINDS[:2]
PROPOSAL = np.dtype(
    [('image', np.int64), ('class', np.int64), ('kind', 'U8'), ('probability', np.float64)]
)


def propose(
    probabilities: np.ndarray,
    labels: Labels,
    limit: int | None = None,
    kind: str = 'missing',
    *,
    order: str = 'alternating',
    unobserved: int = -1,
) -> np.ndarray:
    """Propose entries for review, the most valuable decision first.

    Probabilities should come from a model that did not see the label of the entry, for example from
    :func:`out_of_fold_probabilities`: a model that did has learned that the label is missing.

    Args:
        probabilities: Predicted probability of presence, (N, C), in [0, 1].
        labels: 1 for present, 0 for absent, -1 for unobserved, (N, C), or a
            :class:`~mmpretrain_mlml.labels.LabelTable`, of which no dense matrix is made.
        limit: Greatest number of proposals; all candidates by default.
        kind: ``'missing'`` proposes unobserved entries that are likely present; ``'wrong'`` proposes
            observed positives that are likely absent. Verified absences are never proposed.
        order: ``'alternating'`` takes the most probable entry and the most probable one relative to
            the frequency of its class in turn; ``'probability'`` finds the most labels; ``'balanced'``
            divides by the class frequency, which gains the most mAP and the least OF1.
        unobserved: The value of unobserved entries: -1, or 0 for labels of 1 and 0 in which nobody
            verified an absence.

    Returns:
        Structured array of the fields ``image`` and ``class`` (indices), ``kind`` and ``probability``
        (of presence, whatever the kind), best first.

    Raises:
        ValueError: If shapes differ or are not (N, C), a probability lies outside [0, 1], a label has
            another value, ``limit`` is negative, or ``kind``, ``order`` or ``unobserved`` is unknown.

    >>> probabilities = np.array([[0.9, 0.2], [0.8, 0.6]])
    >>> proposals = propose(probabilities, np.array([[1, -1], [-1, 0]]))
    >>> proposals[['image', 'class', 'probability']].tolist()
    [(1, 0, 0.8), (0, 1, 0.2)]
    """
    for name, value, known in (('kind', kind, PROPOSED), ('order', order, tuple(ORDERS))):
        if value not in known:
            raise ValueError(f'unknown {name} {value!r}; expected one of {known}')
    if limit is not None and limit < 0:
        raise ValueError(f'expected a limit of 0 or more, got {limit}')
    frequency = class_frequency(labels) if len(shape_of(labels)) == 2 else np.zeros(0)

    best = joined([])
    for block in scored_blocks(probabilities, labels, unobserved):
        wanted = block.labels == (unobserved if kind == 'missing' else 1)
        best = joined([best, chosen_entries(block, wanted)])
        if limit is not None:
            best = _leaders(best, frequency, kind, limit)
    count = len(best.positions) if limit is None else min(limit, len(best.positions))
    ranked = ORDERS[order](*_worth(best, frequency, kind), count)

    proposals = np.empty(len(ranked), PROPOSAL)
    if len(ranked):
        proposals['image'], proposals['class'] = np.divmod(best.positions[ranked], len(frequency))
    proposals['kind'], proposals['probability'] = kind, best.probability[ranked]
    return proposals


def _worth(entries: Entries, frequency: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return evidence and class frequency of entries, as orders take them."""
    evidence = entries.probability if kind == 'missing' else 1 - entries.probability
    return evidence, frequency[entries.positions % max(1, len(frequency))]


def _leaders(entries: Entries, frequency: np.ndarray, kind: str, limit: int) -> Entries:
    """Return the entries that can be among the first ``limit`` of some order, as they stand."""
    if len(entries.positions) <= 2 * limit:
        return entries
    worth = _worth(entries, frequency, kind)
    kept = np.union1d(by_probability(*worth, limit), balanced(*worth, limit))
    return Entries(*(column[kept] for column in entries))


def class_frequency(labels: Labels) -> np.ndarray:
    """Return the number of observed positives of each class plus 1, (C,), of labels (N, C)."""
    return present_counts(labels) + 1
