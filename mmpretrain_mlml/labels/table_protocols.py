"""Drop protocols on label tables."""

from __future__ import annotations

import numpy as np

from .label_table import PRESENT, UNOBSERVED, LabelTable
from .protocols import check_protocol, check_share, drop_labels, hide_entries

CHUNK = 1 << 22  # entries that are drawn together


def drop_from_table(table: LabelTable, protocol: str, seed: int = 0) -> LabelTable:
    """Drop positive labels at random, as :func:`drop_labels` does.

    A dropped label becomes what the table says of entries that it does not list: unobserved, or
    absent in the published setting.

    Args:
        table: Labels.
        protocol: As for :func:`drop_labels`.
        seed: As for :func:`drop_labels`.

    Raises:
        ValueError: If the protocol is unknown, or the seed is not an integer.
    """
    if check_protocol(protocol) is None:
        return table
    kept = drop_labels(table.names, table.positive_lists, protocol, seed)
    rows = np.repeat(np.arange(len(kept)), [len(present) for present in kept])
    classes = np.fromiter((label for present in kept for label in present), np.int64)
    keys = _rows_of_entries(table) * len(table.classes) + table.indices
    stays = np.isin(keys, rows * len(table.classes) + classes, assume_unique=True)
    return _choose(table, stays | (table.values != PRESENT))


def hide_in_table(table: LabelTable, share: float, seed: int = 0) -> LabelTable:
    """Make entries unobserved at random, as :func:`hide_entries` draws them.

    Args:
        table: Labels.
        share: As for :func:`hide_entries`.
        seed: As for :func:`hide_entries`.

    Raises:
        ValueError: If the share lies outside [0, 1], or the seed is not an integer.
    """
    if check_share(share) == 0:
        return table
    step = max(CHUNK // max(len(table.classes), 1), 1)
    parts = []
    for begin in range(0, len(table), step):
        part = table.take(np.arange(begin, min(begin + step, len(table))))
        labels = part.dense()
        labels[hide_entries(part.names, len(table.classes), share, seed)] = UNOBSERVED
        rows, indices = np.nonzero(labels != table.fill)
        lengths = np.bincount(rows, minlength=len(part))
        parts.append((lengths, indices.astype(np.int32), labels[rows, indices]))
    lengths, indices, values = (np.concatenate(column) for column in zip(*parts))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return _with_entries(table, offsets, indices, values)


def _choose(table: LabelTable, stays: np.ndarray) -> LabelTable:
    """Return the table with some of its listed entries."""
    before = np.concatenate([[0], np.cumsum(stays)])
    return _with_entries(table, before[table.offsets], table.indices[stays], table.values[stays])


def _with_entries(
    table: LabelTable, offsets: np.ndarray, indices: np.ndarray, values: np.ndarray
) -> LabelTable:
    """Return a table of the same images with other entries."""
    return LabelTable(
        table.names, table.classes, offsets, indices, values, table.fill, table.source,
        table.places, table.place_prefix, table.extras,
    )  # fmt: skip


def _rows_of_entries(table: LabelTable) -> np.ndarray:
    return np.repeat(np.arange(len(table)), np.diff(table.offsets))
