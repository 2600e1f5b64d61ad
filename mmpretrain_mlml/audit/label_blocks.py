"""Probabilities and labels of many images, block by block, so that no second matrix is needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..labels import LabelTable

Labels = np.ndarray | LabelTable
ENTRIES = 1 << 23  # that are looked at together


class Block(NamedTuple):
    """Some images that follow each other.

    Attributes:
        start: Index of the first of them.
        probabilities: Probability of presence, (n, C).
        labels: Labels, (n, C).
    """

    start: int
    probabilities: np.ndarray
    labels: np.ndarray


class Entries(NamedTuple):
    """Chosen entries of a table.

    Attributes:
        positions: Image times number of classes, plus class, (K,), int64.
        probability: Probability of presence, (K,), float64.
    """

    positions: np.ndarray
    probability: np.ndarray


def scored_blocks(
    probabilities: np.ndarray, labels: Labels, unobserved: int = -1
) -> Iterator[Block]:
    """Yield probabilities and labels of all images, after a check of each block.

    Args:
        probabilities: Probability of presence, (N, C), in [0, 1].
        labels: 1 for present, 0 for absent, -1 for unobserved, (N, C), or a table of them.
        unobserved: The value of unobserved entries, -1 or 0.

    Raises:
        ValueError: If shapes differ or are not (N, C), a probability lies outside [0, 1], or a label
            or ``unobserved`` has another value.
    """
    probabilities = np.asarray(probabilities)
    if not isinstance(labels, LabelTable):
        labels = np.asarray(labels)
    shape = shape_of(labels)
    if unobserved not in (-1, 0):
        raise ValueError(f'expected unobserved=-1 or unobserved=0, got {unobserved!r}')
    if probabilities.ndim != 2 or probabilities.shape != shape:
        raise ValueError(
            'expected probabilities and labels of one shape (N, C), '
            f'got {probabilities.shape} and {shape}'
        )
    rows = max(1, ENTRIES // max(1, shape[1]))
    for start in range(0, shape[0], rows):
        part = slice(start, min(start + rows, shape[0]))
        listed = isinstance(labels, LabelTable)
        own = labels.dense(part.start, part.stop) if listed else labels[part]  # type: ignore[union-attr,index]
        block = Block(start, probabilities[part], own)
        _check(block, unobserved)
        yield block


def shape_of(labels: Labels) -> tuple[int, ...]:
    """Return the shape (N, C) of labels."""
    if isinstance(labels, LabelTable):
        return len(labels), len(labels.classes)
    return np.asarray(labels).shape


def present_counts(labels: Labels) -> np.ndarray:
    """Return the number of observed positives of each class, (C,)."""
    if isinstance(labels, LabelTable):
        return labels.counts().present
    labels = np.asarray(labels)
    rows = max(1, ENTRIES // max(1, labels.shape[1]))
    counts = np.zeros(labels.shape[1], np.int64)
    for start in range(0, len(labels), rows):
        counts += (labels[start : start + rows] == 1).sum(0)
    return counts


def chosen_entries(block: Block, mask: np.ndarray) -> Entries:
    """Return the entries of a block that a mask chooses, (n, C), in the order of the table."""
    flat = np.flatnonzero(mask)
    probability = block.probabilities.reshape(-1)[flat].astype(np.float64)
    return Entries(flat + block.start * mask.shape[1], probability)


def joined(parts: list[Entries]) -> Entries:
    """Return the entries of several parts as one."""
    if not parts:
        return Entries(np.zeros(0, np.int64), np.zeros(0))
    return Entries(*(np.concatenate(columns) for columns in zip(*parts)))


def _check(block: Block, unobserved: int) -> None:
    start, probabilities, labels = block
    outside = ~((probabilities >= 0) & (probabilities <= 1))  # NaN is outside as well
    if outside.any():
        image, class_ = np.argwhere(outside)[0]
        raise ValueError(
            f'expected probabilities in [0, 1], got {outside.sum()} outside, the first '
            f'{probabilities[image, class_]} for class {class_} of image {image + start}'
        )
    allowed = (1, 0, -1) if unobserved == -1 else (1, 0)
    others = ~np.isin(labels, allowed)
    if others.any():
        image, class_ = np.argwhere(others)[0]
        raise ValueError(
            f'expected labels of {allowed} with unobserved={unobserved}, got {others.sum()} others, '
            f'the first {labels[image, class_]} for class {class_} of image {image + start}'
        )
