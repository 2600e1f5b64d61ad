"""Which labels a person should look at first. Needs numpy alone."""

from __future__ import annotations

import numpy as np

from .orders import ORDERS

KINDS = ('missing', 'wrong')
PROPOSAL = np.dtype(
    [('image', np.int64), ('class', np.int64), ('kind', 'U7'), ('probability', np.float64)]
)


def propose(
    probabilities: np.ndarray,
    labels: np.ndarray,
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
        labels: 1 for present, 0 for absent, -1 for unobserved, (N, C).
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
    probabilities, labels = check_scored_labels(probabilities, labels, unobserved)
    for name, value, known in (('kind', kind, KINDS), ('order', order, tuple(ORDERS))):
        if value not in known:
            raise ValueError(f'unknown {name} {value!r}; expected one of {known}')
    if limit is not None and limit < 0:
        raise ValueError(f'expected a limit of 0 or more, got {limit}')

    candidates = labels == (unobserved if kind == 'missing' else 1)
    images, classes = np.nonzero(candidates)
    probability = probabilities[candidates].astype(np.float64)
    evidence = probability if kind == 'missing' else 1 - probability
    frequency = class_frequency(labels)[classes]
    count = len(evidence) if limit is None else min(limit, len(evidence))
    best = ORDERS[order](evidence, frequency, count)

    proposals = np.empty(len(best), PROPOSAL)
    proposals['image'], proposals['class'] = images[best], classes[best]
    proposals['kind'], proposals['probability'] = kind, probability[best]
    return proposals


def class_frequency(labels: np.ndarray) -> np.ndarray:
    """Return the number of observed positives of each class plus 1, (C,), of labels (N, C)."""
    frequency: np.ndarray = (labels == 1).sum(0) + 1
    return frequency


def check_scored_labels(
    probabilities: np.ndarray, labels: np.ndarray, unobserved: int = -1
) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and labels as arrays, or raise ValueError as :func:`propose` does."""
    probabilities, labels = np.asarray(probabilities), np.asarray(labels)
    if unobserved not in (-1, 0):
        raise ValueError(f'expected unobserved=-1 or unobserved=0, got {unobserved!r}')
    if probabilities.ndim != 2 or probabilities.shape != labels.shape:
        raise ValueError(
            'expected probabilities and labels of one shape (N, C), '
            f'got {probabilities.shape} and {labels.shape}'
        )
    outside = ~((probabilities >= 0) & (probabilities <= 1))  # NaN is outside as well
    if outside.any():
        image, class_ = np.argwhere(outside)[0]
        raise ValueError(
            f'expected probabilities in [0, 1], got {outside.sum()} outside, the first '
            f'{probabilities[image, class_]} for class {class_} of image {image}'
        )
    allowed = (1, 0, -1) if unobserved == -1 else (1, 0)
    others = ~np.isin(labels, allowed)
    if others.any():
        image, class_ = np.argwhere(others)[0]
        raise ValueError(
            f'expected labels of {allowed} with unobserved={unobserved}, got {others.sum()} others, '
            f'the first {labels[image, class_]} for class {class_} of image {image}'
        )
    return probabilities, labels
