"""The layout ``'cell'``: all tags of an image in one cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import LabelError
from ..label_table import ABSENT, PRESENT, UNOBSERVED, LabelTable
from .builder import TableBuilder
from .class_names import ClassIndex
from .layout import Layout
from .options import TableOptions
from .problems import Problems
from .separators import splitter
from .source import Source


def read_cells(
    source: Source,
    layout: Layout,
    index: ClassIndex,
    options: TableOptions,
    problems: Problems,
) -> LabelTable:
    """Read all tags of an image from a cell."""
    columns = [(layout.tags[0], PRESENT), (layout.absent, ABSENT), (layout.unobserved, UNOBSERVED)]
    given = [(column, label) for column, label in columns if column is not None]
    labels = [label for _, label in given]
    cell_reader = CellReader(index, splitter(layout.separator), options)
    builder = TableBuilder(index, options.fill, source, options, problems)
    picks = [layout.image, *(column for column, _ in given), *layout.extras]
    tags_end = 1 + len(given)
    for place, cells in source.rows(picks):
        try:
            ids, values = cell_reader.read(cells[1:tags_end], labels)
        except (KeyError, ValueError, TypeError) as error:
            problems.append(cell_reader.problem(f'{source.place_prefix}{place}', error))
            continue
        builder.add(place, cells[0], ids, values, cells[tags_end:])
    return builder.finish(merge=False)


class CellReader:
    """Reads the tags of cells.

    Args:
        index: Indices of the classes.
        split: Splits a cell of text.
        options: How values are to be read.
    """

    def __init__(
        self, index: ClassIndex, split: Callable[[Any], Sequence[str]], options: TableOptions
    ) -> None:
        self._index = index
        self._split = split
        self._labels = options.label_values()

    def read(
        self, cells: Sequence[Any], labels: Sequence[int]
    ) -> tuple[list[int], list[int] | None]:
        """Return the classes of the tags, and their labels (None if all are present).

        Args:
            cells: Cells of tags: text, lists, objects of a label by tag, or nothing.
            labels: Label of the tags of each cell.

        Raises:
            KeyError: If a tag is no class, or the label of a tag has no meaning.
            ValueError: If a cell cannot be split.
            TypeError: If a cell is of another type.
        """
        if len(cells) == 1 and type(cells[0]) is str:
            return [self._index[tag] for tag in self._split(cells[0])], None
        ids: list[int] = []
        values: list[int] = []
        for cell, label in zip(cells, labels):
            if isinstance(cell, dict):
                ids += [self._index[tag] for tag in cell]
                values += [self._value(value) for value in cell.values()]
                continue
            tags = self._split(cell) if isinstance(cell, str) else cell or ()
            if not isinstance(tags, (list, tuple)):
                raise TypeError(f'{cell!r}')
            ids += [self._index[tag] for tag in tags]
            values += [label] * len(tags)
        return ids, values

    def _value(self, value: Any) -> int:
        try:
            return self._labels[value]
        except (KeyError, TypeError):
            raise TypeError(f'the label {value!r} of a tag') from None

    def problem(self, where: str, error: Exception) -> LabelError:
        """Return the problem of a cell that raised an error."""
        if isinstance(error, KeyError):
            return self._index.problem(where, error.args[0])
        return LabelError(where, str(error)[:200], 'tags: text, a list, or a label by tag')
