from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .errors import LabelError


class LabelList(NamedTuple):
    """N image names and, for each, the class indices marked present, ascending."""

    names: list[str]
    labels: list[list[int]]


class Examination(NamedTuple):
    """What a label file holds, and all that is wrong with it.

    Attributes:
        found: The names and labels that could be read; complete where there is no problem.
        where: Says where the name of a given position stands, such as ``'list.txt:12'``.
        problems: In the order in which they were found.
    """

    found: LabelList
    where: Callable[[int], str]
    problems: list[LabelError]

    def sound(self) -> LabelList:
        """The names and labels of a file without problems.

        Raises:
            LabelError: The first problem.
        """
        if self.problems:
            raise self.problems[0]
        return self.found
