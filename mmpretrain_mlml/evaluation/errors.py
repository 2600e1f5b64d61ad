"""The errors of predictions, the worst of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .functional import check_scores, top_entries
from .threshold_limits import limits_of_classes

ENTRY = np.dtype([('image', np.int64), ('class', np.int64), ('probability', np.float64)])


@dataclass(frozen=True)
class Errors:
    """Errors of predictions.

    Attributes:
        false_positives: The most confident false positives of each class, class by class, the most
            probable first; a structured array with the fields ``image``, ``class`` (indices) and
            ``probability``.
        misses: The worst misses of each class, the least probable first; the same fields.
        number_false: Number of all false positives of each class, (C,).
        number_missed: Number of all misses of each class, (C,).
    """

    false_positives: np.ndarray
    misses: np.ndarray
    number_false: np.ndarray
    number_missed: np.ndarray


def find_errors(
    scores: np.ndarray,
    targets: np.ndarray,
    threshold: float | np.ndarray = 0.5,
    topk: int | None = None,
    count: int = 12,
) -> Errors:
    """Find the worst errors of each class.

    A false positive is a class that is predicted and labelled absent; where labels are incomplete it
    is often a missing label. A miss is a class that is labelled present and not predicted. Unobserved
    entries are never errors.

    Args:
        scores: Scores, (N, C), finite.
        targets: Targets, (N, C), of 1, 0 and -1.
        threshold: Decision threshold; or one for each class, (C,).
        topk: Number of classes predicted for each image; replaces the threshold.
        count: Greatest number of errors of a class and kind.

    Raises:
        ValueError: As for :func:`.multi_label_scores`, or if ``count`` is below 1.

    >>> found = find_errors(np.array([[0.9], [0.7], [0.2]]), np.array([[0], [1], [1]]))
    >>> found.false_positives['image'].tolist(), found.misses['image'].tolist()
    ([0], [2])
    """
    if count < 1:
        raise ValueError(f'expected count >= 1, got {count}')
    scores, targets = check_scores(scores, targets)
    limits = limits_of_classes(threshold, scores)
    chosen = None if topk is None else top_entries(scores, targets, topk)
    kinds: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    numbers = np.zeros((2, scores.shape[1]), np.int64)
    for index in range(scores.shape[1]):
        column, target = scores[:, index], targets[:, index]
        predicted = column > limits[index] if chosen is None else chosen[:, index]
        wrong, missed = predicted & (target == 0), ~predicted & (target == 1)
        for kind, (entries, order) in enumerate(((wrong, -column), (missed, column))):
            images = np.flatnonzero(entries)
            numbers[kind, index] = len(images)
            images = images[np.argsort(order[images], kind='stable')][:count]
            part = np.empty(len(images), ENTRY)
            part['image'], part['class'], part['probability'] = images, index, column[images]
            kinds[kind].append(part)
    return Errors(np.concatenate(kinds[0]), np.concatenate(kinds[1]), *numbers)


def decide(
    scores: np.ndarray,
    targets: np.ndarray,
    threshold: float | np.ndarray = 0.5,
    topk: int | None = None,
) -> np.ndarray:
    """Return which classes are predicted, (N, C), bool. Arguments are those of :func:`find_errors`."""
    if topk is not None:
        return top_entries(scores, targets, topk)
    predicted: np.ndarray = scores > limits_of_classes(threshold, scores)
    return predicted
