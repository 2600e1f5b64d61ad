"""How a table is to be read, as far as that is not found out from the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..label_table import ABSENT, UNOBSERVED
from .values import Values

LAYOUTS = ('cell', 'columns', 'rows', 'ids', 'sidecars')
ROLES = ('image', 'tags', 'value', 'absent', 'unobserved')
UNLISTED = {'unobserved': UNOBSERVED, 'absent': ABSENT}


@dataclass(frozen=True)
class TableOptions:
    """How a table of tags is read. What is None is found out from the table, and logged.

    Attributes:
        layout: ``'cell'`` (all tags of an image in one cell), ``'columns'`` (one column a class),
            ``'rows'`` (one row a tag), ``'ids'`` (``name,ids`` with class indices) or ``'sidecars'``
            (a folder of images with text files beside them).
        columns: Names of the columns that hold the ``image``, the ``tags``, the ``value`` (a label or
            a confidence, of the layout ``'rows'``) and, of the layout ``'cell'``, the tags that are
            ``absent`` and ``unobserved``.
        separator: What stands between the tags of a cell; ``'json'`` for lists such as
            ``["cat", "dog"]``; ``''`` if a cell holds one tag.
        delimiter: What stands between the cells of a CSV file.
        values: Values that mean ``present``, ``absent`` and ``unobserved``.
        min_confidence: Confidence in (0, 1] from which on a tag is present; 0 is absent, and what
            lies between is unobserved. By default values are no confidences.
        unlisted: What an entry is of which the table says nothing: ``'unobserved'``, or ``'absent'``
            in the published setting, in which a missing label means a negative one.
        other_classes: What is done with classes that are not in the class list: ``'error'`` or
            ``'drop'``.
        image_suffix: What is added to image names, such as ``'.jpg'``.
        repeated: What is done with a class that is listed twice for an image: ``'error'``; or
            ``'merge'``, by which equal labels count once and contradictory ones are unobserved.
        extras: Names of further columns to read, such as one of groups.

    Raises:
        ValueError: If a value is none of those above.
    """

    layout: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    separator: str | None = None
    delimiter: str | None = None
    values: Mapping[str, Iterable[Any]] | None = None
    min_confidence: float | None = None
    unlisted: str = 'unobserved'
    other_classes: str = 'error'
    image_suffix: str = ''
    extras: Sequence[str] = ()
    repeated: str = 'error'

    def __post_init__(self) -> None:
        for name, value, known in (
            ('layout', self.layout, (None, *LAYOUTS)),
            ('unlisted', self.unlisted, tuple(UNLISTED)),
            ('other_classes', self.other_classes, ('error', 'drop')),
            ('repeated', self.repeated, ('error', 'merge')),
        ):
            if value not in known:
                raise ValueError(f'{name}={value!r}: expected one of {known}')
        wrong = [role for role in self.columns if role not in ROLES]
        if wrong:
            raise ValueError(f'columns has {wrong[0]!r}; expected some of {ROLES}')
        if isinstance(self.extras, str):
            raise ValueError(f'extras={self.extras!r}: expected a list of column names')
        self.label_values()

    @property
    def fill(self) -> int:
        """Label of an entry of which the table says nothing."""
        return UNLISTED[self.unlisted]

    def label_values(self) -> Values:
        """Return the labels by their values in the table."""
        return Values(self.values, self.min_confidence, self.fill)
