"""The layout ``'columns'``: one column a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import LabelError
from ..label_table import ABSENT, UNOBSERVED, LabelTable
from .builder import TableBuilder
from .class_names import ClassIndex
from .layout import Layout
from .options import TableOptions
from .problems import Problems
from .source import Source, sample
from .values import Values


def read_columns(
    source: Source,
    layout: Layout,
    index: ClassIndex,
    options: TableOptions,
    problems: Problems,
) -> LabelTable:
    """Read a label of each class from a column of its own."""
    values = options.label_values()
    names = [source.columns[column] for column in layout.tags]
    try:
        classes = [index[name] for name in names]
    except KeyError as error:
        raise index.problem(f'{source.place_prefix}1', error.args[0]) from None
    fill = _fill(source, layout, options)
    builder = TableBuilder(index, fill, source, options, problems)
    end = 1 + len(names)
    for place, cells in source.rows([layout.image, *layout.tags, *layout.extras]):
        try:
            labels = [values[cell] for cell in cells[1:end]]
        except (KeyError, TypeError):
            where = f'{source.place_prefix}{place}'
            problems.append(_problem(where, names, cells[1:end], values))
            continue
        listed = [(c, label) for c, label in zip(classes, labels) if label != fill]
        builder.add(place, cells[0], [c for c, _ in listed], [v for _, v in listed], cells[end:])
    return builder.finish(merge=False)


def _fill(source: Source, layout: Layout, options: TableOptions) -> int:
    """Return the label that need not be listed: the one that is frequent in the first rows."""
    values = options.label_values()
    labels = [_label(values, cell) for row in sample(source, layout.tags) for cell in row]
    frequent = labels.count(ABSENT) > labels.count(UNOBSERVED)
    return ABSENT if frequent else UNOBSERVED


def _label(values: Values, cell: Any) -> int | None:
    try:
        return values[cell]
    except (KeyError, TypeError):
        return None


def _problem(where: str, names: Sequence[str], cells: Sequence[Any], values: Values) -> LabelError:
    """Return the problem of a row in which a value has no meaning."""
    name, cell = next((n, c) for n, c in zip(names, cells) if _label(values, c) is None)
    expected = f'{values.expected}; name columns that hold no class in extras'
    return LabelError(where, f'the value {cell!r} in the column {name!r}', expected)
