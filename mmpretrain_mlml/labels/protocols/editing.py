"""Tables made from the entries of other tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from ..label_table import LabelTable


def joined(table: LabelTable, parts: Iterable[tuple[LabelTable, np.ndarray]]) -> LabelTable:
    """Return a table with other labels.

    Args:
        table: Its images, classes and ``fill`` are kept.
        parts: The images of the table in parts, in their order, and the new labels of each, (n, C).
    """
    lengths, indices, values = (
        [np.zeros(0, np.int64)],
        [np.zeros(0, np.int32)],
        [np.zeros(0, np.int8)],
    )
    for part, labels in parts:
        rows, columns = np.nonzero(labels != table.fill)
        lengths.append(np.bincount(rows, minlength=len(part)))
        indices.append(columns.astype(np.int32))
        values.append(labels[rows, columns].astype(np.int8))
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    return replace(
        table, offsets=offsets, indices=np.concatenate(indices), values=np.concatenate(values)
    )


def with_values(table: LabelTable, values: np.ndarray, fill: int | None = None) -> LabelTable:
    """Return a table with other labels of its listed entries.

    Args:
        table: Labels; entries that say what ``fill`` says are no longer listed.
        values: New label of each listed entry, (M,).
        fill: New label of all other entries; None for that of the table.
    """
    fill = table.fill if fill is None else fill
    stays = values != fill
    before = np.concatenate([[0], np.cumsum(stays)])
    return replace(
        table,
        offsets=before[table.offsets],
        indices=table.indices[stays],
        values=values[stays].astype(np.int8),
        fill=fill,
    )
