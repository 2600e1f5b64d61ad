"""Assembling a label table from the rows of a file."""

from __future__ import annotations

import posixpath
from array import array
from collections.abc import Sequence

import numpy as np

from ..errors import LabelError
from ..label_table import LabelTable
from ..names import are_plain, name_fault, repetition
from ..text_array import TextArray
from .class_names import ClassIndex
from .entries import sort_entries
from .memory import MemoryWatch
from .options import TableOptions
from .problems import Problems
from .segments import find_repeats, join_rows
from .source import Rooted

CHUNK = 65_536  # images whose names are checked and encoded together


class TableBuilder:
    """Takes the images of a table one after another and returns the table.

    Args:
        classes: Indices of the classes.
        fill: Label of the entries that are not listed.
        source: The table that is read.
        options: How it is read.
        problems: Takes the problems.
    """

    def __init__(
        self,
        classes: ClassIndex,
        fill: int,
        source: Rooted,
        options: TableOptions,
        problems: Problems,
    ) -> None:
        self._classes = classes
        self._fill = fill
        self._source = source
        self._prefix = source.place_prefix
        self._problems = problems
        self._suffix = options.image_suffix
        self._repeated = options.repeated
        self._extra_names = options.extras
        self._memory = MemoryWatch(source)
        self._names: list[str] = []
        self._extras: list[list[str]] = [[] for _ in options.extras]
        self._name_parts: list[TextArray] = []
        self._extra_parts: list[list[TextArray]] = [[] for _ in options.extras]
        self._keys = array('q')  # hash of each name, by which repeated ones are found
        self._places = array('q')
        self._ends = array('q')
        self._indices = array('i')
        self._values = array('b')

    def add(
        self,
        place: int,
        name: str,
        indices: Sequence[int],
        values: Sequence[int] | None = None,
        extras: Sequence[str] = (),
    ) -> None:
        """Add an image.

        Args:
            place: Line or row on which it stands.
            name: Name as the table gives it.
            indices: Classes of its entries; negative ones are left out.
            values: Labels of these entries; None if all are present.
            extras: Further cells.
        """
        if type(name) is not str:
            self._problems.append(
                LabelError(f'{self._prefix}{place}', f'{name!r}', 'an image name')
            )
            return
        self._names.append(name)
        self._places.append(place)
        self._indices.extend(indices)
        if values is None:
            self._values.frombytes(b'\x01' * len(indices))
        else:
            self._values.extend(values)
        self._ends.append(len(self._indices))
        for column, cell in zip(self._extras, extras):
            column.append('' if cell is None else str(cell))
        if len(self._names) == CHUNK:
            self._flush()

    @property
    def nbytes(self) -> int:
        """Memory that the images take so far, in bytes."""
        arrays = (self._keys, self._places, self._ends, self._indices, self._values)
        texts = [*self._name_parts, *(part for parts in self._extra_parts for part in parts)]
        return sum(len(a) * a.itemsize for a in arrays) + sum(
            part.data.nbytes + part.ends.nbytes for part in texts
        )

    def finish(self, merge: bool) -> LabelTable:
        """Return the table.

        Args:
            merge: Whether rows of one image are joined; otherwise a repeated image is a problem.
        """
        self._flush()
        names = TextArray.concatenate(self._name_parts)
        extras = [TextArray.concatenate(parts) for parts in self._extra_parts]
        places = np.frombuffer(self._places, np.int64)
        offsets = np.concatenate([[0], np.frombuffer(self._ends, np.int64)]).astype(np.int64)
        indices = np.frombuffer(self._indices, np.int32)
        values = np.frombuffer(self._values, np.int8)
        repeats = find_repeats(np.frombuffer(self._keys, np.int64), names)
        if len(repeats.rows):
            if merge:
                kept, offsets, indices, values = join_rows(repeats, offsets, indices, values)
            else:
                for row, first in zip(repeats.rows, repeats.firsts):
                    before = f'{self._prefix}{places[first]}'
                    got, expected = repetition(names[row], names[first], before)
                    expected += "; if a row holds one tag, layout='rows'"
                    self._add_problem(places[row], got, expected)
                kept = np.setdiff1d(np.arange(len(names)), repeats.rows)
                table = LabelTable(names, (), offsets, indices, values).take(kept)
                offsets, indices, values = table.offsets, table.indices, table.values
            names, places = names.take(kept), places[kept]
            extras = [column.take(kept) for column in extras]
        classes, position = tuple(self._classes.names), None
        if self._classes.inferred:
            classes, position = self._classes.sorted_order()
        merged = self._repeated == 'merge'
        sorted_ = sort_entries(offsets, indices, values, len(classes), position, self._fill, merged)
        for row, index, contradictory in sorted_.repeated if not merged else ():
            got = f'the class {classes[index]!r} twice' + (
                ' with different labels' if contradictory else ''
            )
            self._add_problem(places[row], got, 'each class once for an image')
        return LabelTable(
            names, classes, sorted_.offsets, sorted_.indices, sorted_.values, self._fill,
            str(self._source.path), places, self._prefix, dict(zip(self._extra_names, extras)),
        )  # fmt: skip

    def _flush(self) -> None:
        """Check, normalise and encode the names of a chunk."""
        names, self._names = self._names, []
        if not names:
            return
        if self._suffix:
            names = [name + self._suffix for name in names]
        keys: Sequence[str] = names
        if not are_plain(names) or any('\\' in name for name in names):
            first = len(self._places) - len(names)
            names = [name.replace('\\', '/') for name in names]
            keys = [posixpath.normpath(name) for name in names]
            bad = [(row, fault) for row, name in enumerate(names) if (fault := name_fault(name))]
            for row, expected in reversed(bad):
                self._add_problem(self._places[first + row], repr(names[row]), expected)
                self._remove(first + row)
                del names[row], keys[row]
                for column in self._extras:
                    del column[row]
        self._keys.extend(map(hash, keys))
        self._name_parts.append(TextArray.from_strings(names))
        for parts, column in zip(self._extra_parts, self._extras):
            parts.append(TextArray.from_strings(column))
            column.clear()
        self._memory.check(self.nbytes)

    def _remove(self, row: int) -> None:
        """Forget the entries of an image, but not their room in the arrays."""
        begin = self._ends[row - 1] if row else 0
        for position in range(begin, self._ends[row]):
            self._indices[position] = -1
        del self._places[row], self._ends[row]

    def _add_problem(self, place: int, got: str, expected: str) -> None:
        self._problems.append(LabelError(f'{self._prefix}{place}', got, expected))
