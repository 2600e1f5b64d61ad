"""A stratified split of a table into training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..labels import LabelTable
from .errors import ProjectError

# Entries that the stratification may look at: its time is images times classes squared.
_WORK = 2e10


class Split(NamedTuple):
    """Rows of a table for training and for validation, ascending, int64 each."""

    train: np.ndarray
    val: np.ndarray


def split_table(
    table: LabelTable, share: float, seed: int, groups: Sequence[str] | None = None
) -> Split:
    """Draw a validation set in which each class has about its share of the images.

    Iterative stratification of the package iterative-stratification draws it. Images of one group stay
    together, so that near-duplicates do not leak; a group counts as one unit that has all classes
    of its images. Two kinds of units always stay in the training set: those with a class that no
    other unit has, and groups that are larger than the validation set is to be. Of very many classes
    the rarest that can have a validation image are stratified; the others are left to chance.

    Args:
        table: The table.
        share: Share of the images for validation, in (0, 1).
        seed: Seed.
        groups: Group of each image, N names; None if each is its own. An empty name is a group of its
            own, too.

    Raises:
        ProjectError: If ``share`` lies outside (0, 1), or too few images or groups can be split.

    Source: Sechidis, Tsoumakas and Vlahavas, On the stratification of multi-label data, ECML 2011.
    """
    if not 0 < share < 1:
        raise ProjectError(f'--val-share {share}: expected a share between 0 and 1')
    units, sizes = _units(len(table), groups)
    count = len(sizes)
    pairs = _unit_classes(table, units)
    per_class = np.bincount(pairs[:, 1], minlength=len(table.classes))
    fixed = sizes > max(share * len(table), 1)
    fixed[pairs[per_class[pairs[:, 1]] == 1, 0]] = True
    free = np.flatnonzero(~fixed)
    wanted = max(1, round(share * count))
    if len(free) <= wanted:
        kind = 'images' if groups is None else 'groups'
        raise ProjectError(
            f'{count} {kind}, of which {count - len(free)} must stay in the training set, are too few '
            f'for a validation share of {share}: give --val TABLE'
        )
    labels = _dense(pairs, free, _stratified(per_class, len(free), share))
    chosen = free[_draw(labels, wanted, seed)]
    is_val = np.zeros(count, bool)
    is_val[chosen] = True
    rows = is_val[units]
    return Split(np.flatnonzero(~rows), np.flatnonzero(rows))


def _units(images: int, groups: Sequence[str] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit of each image, and the number of images of each unit."""
    if groups is None:
        return np.arange(images), np.ones(images, np.int64)
    number: dict[object, int] = {}
    units = np.fromiter(
        (number.setdefault(name or row, len(number)) for row, name in enumerate(groups)), np.int64
    )
    return units, np.bincount(units)


def _unit_classes(table: LabelTable, units: np.ndarray) -> np.ndarray:
    """Return the distinct pairs of a unit and a class that is present in it, (P, 2)."""
    rows = np.repeat(units, np.diff(table.offsets))
    pairs = np.stack([rows, table.indices.astype(np.int64)], 1)[table.values == 1]
    return np.unique(pairs, axis=0)


def _stratified(per_class: np.ndarray, units: int, share: float) -> np.ndarray:
    """Return the classes to stratify by: the rarest that can have a validation image."""
    possible = np.flatnonzero(per_class >= 1 / share)
    if not len(possible):
        possible = np.flatnonzero(per_class > 1)
    order = possible[np.argsort(per_class[possible], kind='stable')]
    return order[: max(1, int((_WORK / units) ** 0.5))]


def _dense(pairs: np.ndarray, units: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return which of some units have which of some classes, bool."""
    column = np.full(int(max(pairs[:, 1].max(initial=0), classes.max(initial=0))) + 1, -1)
    column[classes] = np.arange(len(classes))
    row = np.full(int(max(pairs[:, 0].max(initial=0), units.max())) + 1, -1)
    row[units] = np.arange(len(units))
    at, of = row[pairs[:, 0]], column[pairs[:, 1]]
    labels = np.zeros((len(units), max(len(classes), 2)), bool)  # a single column is no multi-label
    known = (at >= 0) & (of >= 0)
    labels[at[known], of[known]] = True
    return labels


def _draw(labels: np.ndarray, wanted: int, seed: int) -> np.ndarray:
    """Return the positions that are drawn for validation."""
    try:
        from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit
    except ImportError:
        raise ProjectError(
            'a stratified split needs iterative-stratification: pip install '
            'iterative-stratification, or give --val TABLE'
        ) from None
    splitter = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=wanted, random_state=seed)
    _, drawn = next(splitter.split(labels, labels))
    chosen: np.ndarray = drawn
    return chosen
