"""What a label source holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from .errors import LabelError
from .label_table import LabelTable


class LabelList(NamedTuple):
    """Image names and positive labels.

    Attributes:
        names: N image names.
        labels: N lists of the indices of the positive classes, ascending.
    """

    names: Sequence[str]
    labels: Sequence[list[int]]


class ParsedLabels(NamedTuple):
    """Content of a label source, with the problems found in it.

    Attributes:
        labels: Names and labels that could be read; complete if there are no problems.
        location_of: Returns where the entry at a position of ``labels`` stands in the source, such as
            ``'list.txt:12'``.
        problems: Problems, in the order in which they were found.
    """

    labels: LabelList
    location_of: Callable[[int], str]
    problems: list[LabelError]

    @classmethod
    def unreadable(cls, problem: LabelError) -> ParsedLabels:
        """Return the result for a source of which nothing can be read.

        Args:
            problem: Why it cannot be read.
        """
        return cls(LabelList([], []), str, [problem])

    def require_no_problems(self) -> LabelList:
        """Return the names and labels.

        Raises:
            LabelError: If there are problems; the first of them.
        """
        if self.problems:
            raise self.problems[0]
        return self.labels


class ParsedTable(NamedTuple):
    """Content of a table, with the problems found in it.

    Attributes:
        table: What could be read; complete if there are no problems.
        problems: Problems, in the order of the file.
        notes: What was found out and what was left out, for the log.
        left_out: Number of images that are left out.
    """

    table: LabelTable
    problems: list[LabelError]
    notes: list[str]
    left_out: int = 0

    def require_no_problems(self) -> LabelTable:
        """Return the table.

        Raises:
            LabelError: If there are problems; the first of them.
        """
        if self.problems:
            raise self.problems[0]
        return self.table

    def positives(self) -> ParsedLabels:
        """Return the names and the positive labels of the table, and its problems."""
        labels = LabelList(self.table.names, self.table.positive_lists)
        return ParsedLabels(labels, self.table.location_of, self.problems)
