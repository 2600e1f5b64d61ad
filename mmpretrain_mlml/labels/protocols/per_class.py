"""A fixed number of known labels for each class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..label_table import ABSENT, PRESENT, UNOBSERVED, LabelTable
from .base import ExpectedCounts, LabelProtocol, classes_of_positives, dropped_value
from .draws import chunks, draw_entries, draw_positives
from .editing import with_values


@dataclass(frozen=True)
class FixedPerClass(LabelProtocol):
    """Of each class a fixed number of labels is known: FPC.

    With ``negatives`` everything else becomes unobserved, so that the absences that are left count as
    verified. Without, positive labels are dropped as by the other protocols and absences stay as they
    are. A class with fewer labels keeps all. A draw depends on which other images have the class.

    Args:
        positives: Number of positive labels kept of each class, >= 0.
        negatives: Number of absences kept of each class, >= 0; None to leave absences alone.

    Raises:
        ValueError: If a number is below 0.

    Source: fixed per class (FPC), arXiv 2110.10955.
    """

    positives: int
    negatives: int | None = None

    def __post_init__(self) -> None:
        for name in ('positives', 'negatives'):
            value = getattr(self, name)
            integer = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            if not integer and not (name == 'negatives' and value is None):
                raise ValueError(f'expected {name} to be an integer >= 0, got {value!r}')

    def apply(self, table: LabelTable, seed: int = 0) -> LabelTable:
        key = self.key(seed)
        present = table.values == PRESENT
        drawn = draw_positives(key, table)
        classes = classes_of_positives(table)
        order = np.lexsort((drawn, classes))
        starts = np.searchsorted(classes[order], np.arange(len(table.classes)))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - starts[classes[order]]
        dropped = present.copy()
        dropped[present] = rank >= self.positives
        value = UNOBSERVED if self.negatives is not None else dropped_value(table)
        table = with_values(table, np.where(dropped, value, table.values))
        return (
            table
            if self.negatives is None
            else self._keep_negatives(table, f'{key}negatives/', self.negatives)
        )

    def _keep_negatives(self, table: LabelTable, key: str, number: int) -> LabelTable:
        rows, columns = _smallest(table, key, number)
        kept = table.values == PRESENT
        images = np.concatenate([_rows(table)[kept], rows])
        indices = np.concatenate([table.indices[kept], columns]).astype(np.int32)
        values = np.concatenate([table.values[kept], np.full(len(rows), ABSENT, np.int8)])
        order = np.lexsort((indices, images))
        lengths = np.bincount(images, minlength=len(table))
        return replace(
            table,
            offsets=np.concatenate([[0], np.cumsum(lengths)]),
            indices=indices[order],
            values=values[order].astype(np.int8),
            fill=UNOBSERVED,
        )

    def expected(self, table: LabelTable) -> ExpectedCounts:
        present, absent, unobserved = table.counts()
        left = np.minimum(present, self.positives).sum()
        if self.negatives is not None:
            known = np.minimum(absent, self.negatives).sum()
            total = len(table) * len(table.classes)
            return ExpectedCounts(float(left), float(known), float(total - left - known))
        dropped = float(present.sum() - left)
        zeros, hidden = float(absent.sum()), float(unobserved.sum())
        if dropped_value(table) == ABSENT:
            return ExpectedCounts(float(left), zeros + dropped, hidden)
        return ExpectedCounts(float(left), zeros, hidden + dropped)


def _smallest(table: LabelTable, key: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return image and class of the absences of each class with the smallest draws."""
    classes = len(table.classes)
    best = np.full((number, classes), np.inf)
    rows = np.zeros((number, classes), np.int64)
    begin = 0
    for part in chunks(table):
        drawn = np.where(part.dense() == ABSENT, draw_entries(key, part.names, classes), np.inf)
        here = np.broadcast_to(np.arange(begin, begin + len(part))[:, None], drawn.shape)
        best, rows = np.concatenate([best, drawn]), np.concatenate([rows, here])
        if number < len(best):
            first = np.argpartition(best, number, axis=0)[:number]
            best, rows = (np.take_along_axis(part, first, axis=0) for part in (best, rows))
        begin += len(part)
    found, columns = np.nonzero(np.isfinite(best))
    return rows[found, columns], columns


def _rows(table: LabelTable) -> np.ndarray:
    return np.repeat(np.arange(len(table)), np.diff(table.offsets))
