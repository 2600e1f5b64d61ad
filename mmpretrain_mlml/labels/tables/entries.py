"""Sorting the entries of a table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

CHUNK = 1 << 20  # entries that are sorted together


class SortedEntries(NamedTuple):
    """Entries by image and class, without those that are left out.

    Attributes:
        offsets: As in :class:`~mmpretrain_mlml.labels.LabelTable`.
        indices: As in the table.
        values: As in the table.
        repeated: Row and class of the first entry of a row that is given twice, and whether its labels
            differ.
    """

    offsets: np.ndarray
    indices: np.ndarray
    values: np.ndarray
    repeated: list[tuple[int, int, bool]]


def sort_entries(
    offsets: np.ndarray,
    indices: np.ndarray,
    values: np.ndarray,
    num_classes: int,
    position: np.ndarray | None,
    fill: int,
    merge: bool = False,
) -> SortedEntries:
    """Sort the entries of each row by class, and leave out what is not to be listed.

    Args:
        offsets: Where the entries of each row begin, (N + 1,); what lies between rows is ignored.
        indices: Classes, (M,), int32; negative ones are left out.
        values: Labels, (M,), int8.
        num_classes: Number of classes C.
        position: New index of each class, (C,); None to keep them.
        fill: Label that is not listed.
        merge: Whether an entry that is given several times, with different labels, is unobserved;
            otherwise the smallest label is taken.
    """
    rows_total = len(offsets) - 1
    new_indices = np.empty(len(indices), np.int32)
    new_values = np.empty(len(values), np.int8)
    counts = np.zeros(rows_total, np.int64)
    repeated: list[tuple[int, int, bool]] = []
    end = row = 0
    while row < rows_total:
        last = max(int(np.searchsorted(offsets, offsets[row] + CHUNK, 'right')) - 1, row + 1)
        part = slice(int(offsets[row]), int(offsets[last]))
        classes = indices[part].astype(np.int64)
        rows = np.repeat(np.arange(last - row), np.diff(offsets[row : last + 1]))
        keep = classes >= 0
        if position is not None:
            classes[keep] = position[classes[keep]]
        # one number for row, class and label, so that plain sorting keeps them together
        key = (rows * num_classes + classes) * 4 + values[part] + 1
        key = key if keep.all() else key[keep]
        if (key[1:] < key[:-1]).any():
            key.sort()
        entry = key >> 2
        twice = np.flatnonzero(entry[1:] == entry[:-1])
        if merge and len(twice):
            key, twice = _merged(key, entry), twice[:0]
        for at in twice.tolist():
            place, index = divmod(int(entry[at]), num_classes)
            differs = bool(key[at] != key[at + 1])
            if not repeated or repeated[-1][0] != row + place:
                repeated.append((row + place, index, differs))
            elif differs and repeated[-1][1] == index:  # a third time
                repeated[-1] = (row + place, index, differs)
        key = np.delete(key, twice + 1) if len(twice) else key
        labels = (key & 3).astype(np.int8) - np.int8(1)
        if (labels == fill).any():
            key, labels = key[labels != fill], labels[labels != fill]
        rows, classes = np.divmod(key >> 2, max(num_classes, 1))
        counts[row:last] = np.bincount(rows, minlength=last - row)
        new_indices[end : end + len(key)] = classes
        new_values[end : end + len(key)] = labels
        end += len(key)
        row = last
    new_offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return SortedEntries(new_offsets, new_indices[:end].copy(), new_values[:end].copy(), repeated)


def _merged(key: np.ndarray, entry: np.ndarray) -> np.ndarray:
    """Return each entry once; one that is given with different labels is unobserved."""
    starts = np.flatnonzero(np.concatenate([[True], entry[1:] != entry[:-1]]))
    lasts = np.append(starts[1:], len(key)) - 1
    once: np.ndarray = key[starts]
    return np.where(once == key[lasts], once, once & ~3)
