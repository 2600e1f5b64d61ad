"""Images that occur on several rows of a table."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

import numpy as np

from ..text_array import TextArray


class Repeats(NamedTuple):
    """Rows whose image stands on an earlier row, and these earlier rows; int64, (R,) each.

    ``total`` is the number of all rows.
    """

    rows: np.ndarray
    firsts: np.ndarray
    total: int


def find_repeats(keys: np.ndarray, names: TextArray) -> Repeats:
    """Find the rows that repeat the image of an earlier row.

    Args:
        keys: Hash of each name, (N,), int64. Different names may have one hash.
        names: N names.
    """
    order = np.argsort(keys, kind='stable')
    same = keys[order[1:]] == keys[order[:-1]]
    if not same.any():
        return Repeats(np.zeros(0, np.int64), np.zeros(0, np.int64), len(keys))
    in_group = np.zeros(len(keys), bool)
    in_group[1:] |= same
    in_group[:-1] |= same
    first_of: dict[str, int] = {}
    rows, firsts = [], []
    for row in np.sort(order[in_group]).tolist():
        first = first_of.setdefault(posixpath.normpath(names[row]), row)
        if first != row:
            rows.append(row)
            firsts.append(first)
    return Repeats(np.array(rows, np.int64), np.array(firsts, np.int64), len(keys))


def join_rows(
    repeats: Repeats, offsets: np.ndarray, indices: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Move the entries of repeated rows to the first row of their image.

    Returns:
        The rows that are kept, and their offsets, indices and values.
    """
    target = np.arange(repeats.total)
    target[repeats.rows] = repeats.firsts
    kept = np.setdiff1d(np.arange(repeats.total), repeats.rows)
    new = np.cumsum(np.isin(np.arange(repeats.total), kept)) - 1
    lengths = np.diff(offsets)
    row_of_entry = np.repeat(new[target], lengths)
    order = np.argsort(row_of_entry, kind='stable')
    counts = np.bincount(row_of_entry, minlength=len(kept))
    return kept, np.concatenate([[0], np.cumsum(counts)]), indices[order], values[order]
