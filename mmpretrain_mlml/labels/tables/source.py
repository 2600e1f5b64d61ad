"""What table formats have in common: columns, and rows with their places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..errors import LabelError

SAMPLE = 1000  # rows from which layouts and separators are detected


class Rooted(Protocol):
    """A table in a file or folder.

    Attributes:
        path: The file or folder.
        kind: Name of the format, for messages.
        place_prefix: What is written before the place of a row, such as ``'tags.csv:'``.
    """

    path: Path
    kind: str
    place_prefix: str

    @property
    def position(self) -> int:
        """Bytes of the file that have been read, for estimates."""


class Source(Rooted, Protocol):
    """A table in a file, read row by row.

    Attributes:
        columns: Names of the columns.
        headless: Whether the names were made up, because the file has none.
        problems: Takes the problems of rows that cannot be read.
    """

    columns: list[str]
    headless: bool
    problems: list[LabelError]

    def rows(self, picks: Sequence[int]) -> Iterator[tuple[int, list[Any]]]:
        """Yield the place of each row, and its cells in some columns.

        Args:
            picks: Positions of the columns.
        """


def sample(source: Source, picks: Sequence[int]) -> list[list[Any]]:
    """Return the cells of the first rows; problems of these rows are reported when they are read."""
    before = len(source.problems)
    found = [cells for _, (_, cells) in zip(range(SAMPLE), source.rows(picks))]
    del source.problems[before:]
    return found


def check_columns(where: str, columns: Sequence[str]) -> None:
    """Raise LabelError if two columns have one name."""
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        got = f'{len(twice)} names of several columns, such as {twice[0]!r}'
        if len(twice) == 1:
            got = f'two columns {twice[0]!r}'
        raise LabelError(where, got, 'each column name once')
