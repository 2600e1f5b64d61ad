"""Many strings in two arrays, which processes can share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

BLOCK = 65_536  # strings decoded together


class TextArray(Sequence[str]):
    """Sequence of strings, kept as UTF-8 in one array and the end of each string in another.

    It equals any other sequence of the same strings. Unlike a list of strings it has no reference
    counts, so processes that share it do not copy it by reading.

    Args:
        data: All strings, UTF-8, one after another, uint8.
        ends: End of each string in ``data``, (N,), int64.

    >>> names = TextArray.from_strings(['a.jpg', 'é.jpg'])
    >>> names[1], len(names), names == ['a.jpg', 'é.jpg']
    ('é.jpg', 2, True)
    """

    __slots__ = ('data', 'ends')

    def __init__(self, data: np.ndarray, ends: np.ndarray) -> None:
        self.data = data
        self.ends = ends

    @classmethod
    def from_strings(cls, strings: Iterable[str]) -> TextArray:
        """Encode strings.

        Raises:
            UnicodeEncodeError: If a string has no UTF-8 form.
        """
        encoded = [string.encode() for string in strings]
        ends = np.cumsum([len(part) for part in encoded], dtype=np.int64)
        return cls(np.frombuffer(b''.join(encoded), np.uint8), ends)

    @classmethod
    def concatenate(cls, parts: Sequence[TextArray]) -> TextArray:
        """Join arrays, in their order."""
        starts = np.cumsum([0, *(len(part.data) for part in parts)])
        ends = [part.ends + start for part, start in zip(parts, starts)]
        empty = np.zeros(0, np.int64)
        data = [np.zeros(0, np.uint8), *(part.data for part in parts)]
        return cls(np.concatenate(data), np.concatenate([empty, *ends]))

    def take(self, rows: np.ndarray) -> TextArray:
        """Return the strings at some positions.

        Args:
            rows: Positions, integers >= 0.
        """
        starts = np.concatenate([[0], self.ends[:-1]])[rows] if len(self.ends) else rows
        lengths = self.ends[rows] - starts
        ends = np.cumsum(lengths)
        source = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(
            starts - (ends - lengths), lengths
        )
        return TextArray(self.data[source], ends)

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        position = index if index >= 0 else index + len(self.ends)
        if not 0 <= position < len(self.ends):
            raise IndexError(f'no string {index} in an array of {len(self.ends)}')
        start = int(self.ends[position - 1]) if position else 0
        return self.data[start : int(self.ends[position])].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        for begin in range(0, len(self.ends), BLOCK):
            start = int(self.ends[begin - 1]) if begin else 0
            ends = (self.ends[begin : begin + BLOCK] - start).tolist()
            data = self.data[start : start + ends[-1]].tobytes()
            for first, end in zip([0, *ends[:-1]], ends):
                yield data[first:end].decode()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TextArray):
            same_ends = np.array_equal(self.ends, other.ends)
            return same_ends and np.array_equal(self.data, other.data)
        if isinstance(other, Sequence):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ', '.join(map(repr, self[:3]))
        return f'TextArray([{shown}{", ..." if len(self) > 3 else ""}])'
