"""The positive labels of a table, as other code takes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from .label_table import LabelTable

BLOCK = 16_384  # images whose lists are made together


class PositiveLists(Sequence[list[int]]):
    """The positive classes of each image of a table, made when they are read."""

    def __init__(self, table: LabelTable) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    @overload
    def __getitem__(self, index: int) -> list[int]: ...

    @overload
    def __getitem__(self, index: slice) -> list[list[int]]: ...

    def __getitem__(self, index: int | slice) -> list[int] | list[list[int]]:
        if isinstance(index, slice):
            return [self._table.positives(row) for row in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f'no image {index} in a table of {len(self)}')
        return self._table.positives(index % len(self))

    def __iter__(self) -> Iterator[list[int]]:
        table = self._table
        for begin in range(0, len(table), BLOCK):
            offsets = table.offsets[begin : begin + BLOCK + 1]
            part = slice(int(offsets[0]), int(offsets[-1]))
            present = table.values[part] == 1
            before = np.concatenate([[0], np.cumsum(present)])
            ends = before[offsets - offsets[0]].tolist()
            indices = table.indices[part][present].tolist()
            for start, end in pairwise(ends):
                yield indices[start:end]
