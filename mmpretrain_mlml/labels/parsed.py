"""What a label source holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .errors import LabelError


class LabelList(NamedTuple):
    """Image names and positive labels.

    Attributes:
        names: N image names.
        labels: N lists of the indices of the positive classes, ascending.
    """

    names: list[str]
    labels: list[list[int]]


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
