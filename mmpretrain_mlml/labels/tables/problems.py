"""The problems of a table, up to a number."""

from __future__ import annotations

from ..errors import LabelError

MOST = 100_000


class TooManyProblems(Exception):
    """A table has so many problems that reading ends."""


class Problems(list[LabelError]):
    """Problems in the order in which they are found.

    Raises:
        TooManyProblems: On appending more than :data:`MOST`.
    """

    def append(self, problem: LabelError) -> None:
        """Add a problem."""
        super().append(problem)
        if len(self) >= MOST:
            raise TooManyProblems
