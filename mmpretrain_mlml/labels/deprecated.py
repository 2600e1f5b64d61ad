"""Names of this package before they were renamed; ``mmpretrain_mlml.labels`` warns of their use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from .coco import COCO_CLASSES, parse_instances
from .errors import LabelError
from .lists import parse_label_list
from .parsed import LabelList, ParsedLabels


class Examination(ParsedLabels):
    """:class:`ParsedLabels` under its former name, with its former attributes."""

    __slots__ = ()

    def __new__(
        cls, found: LabelList, where: Callable[[int], str], problems: list[LabelError]
    ) -> Examination:
        return super().__new__(cls, found, where, problems)

    @property
    def found(self) -> LabelList:
        """``labels`` under its former name."""
        return self.labels

    @property
    def where(self) -> Callable[[int], str]:
        """``location_of`` under its former name."""
        return self.location_of

    def sound(self) -> LabelList:
        """``require_no_problems`` under its former name."""
        return self.require_no_problems()


def examine_label_list(path: str | os.PathLike[str], num_classes: int) -> Examination:
    """:func:`parse_label_list` under its former name."""
    return Examination(*parse_label_list(path, num_classes))


def examine_instances(
    path: str | os.PathLike[str], classes: Sequence[str] = COCO_CLASSES
) -> Examination:
    """:func:`parse_instances` under its former name."""
    return Examination(*parse_instances(path, classes))
