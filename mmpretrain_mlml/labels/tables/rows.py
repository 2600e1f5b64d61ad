"""The layout ``'rows'``: one row a tag. The rows of an image may stand anywhere."""

from __future__ import annotations

from typing import Any

from ..errors import LabelError
from ..label_table import PRESENT, LabelTable
from .builder import TableBuilder
from .class_names import ClassIndex
from .layout import Layout
from .options import TableOptions
from .problems import Problems
from .source import Source

EMPTY = (None, '')


def read_rows(
    source: Source,
    layout: Layout,
    index: ClassIndex,
    options: TableOptions,
    problems: Problems,
) -> LabelTable:
    """Read a tag from each row; a row without a tag is an image without tags."""
    values = options.label_values()
    builder = TableBuilder(index, options.fill, source, options, problems)
    value_column = [layout.value] if layout.value is not None else []
    valued = bool(value_column)
    picks = [layout.image, layout.tags[0], *value_column, *layout.extras]
    extras = 2 + valued
    current: Any = None
    first: tuple[int, list[Any]] = 0, []
    ids: list[int] = []
    labels: list[int] = []
    for place, cells in source.rows(picks):
        name, tag = cells[0], cells[1]
        if name != current or not ids:
            if ids or current is not None:
                builder.add(first[0], current, ids, labels, first[1])
            current, first, ids, labels = name, (place, cells[extras:]), [], []
        value = cells[2] if valued else None
        where = f'{source.place_prefix}{place}'
        if tag in EMPTY:
            if value not in EMPTY:
                problems.append(LabelError(where, f'the value {value!r} without a tag', 'a tag'))
            continue
        try:
            label = values[value] if valued else PRESENT
        except (KeyError, TypeError):
            problems.append(LabelError(where, f'the value {value!r}', values.expected))
            continue
        try:
            ids.append(index[tag])
        except (KeyError, TypeError):
            problems.append(index.problem(where, str(tag)))
            continue
        labels.append(label)
    if current is not None:
        builder.add(first[0], current, ids, labels, first[1])
    return builder.finish(merge=True)
