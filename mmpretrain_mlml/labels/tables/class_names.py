"""Class lists of tables: read, inferred, and the nearest known name of an unknown one."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..bounds import read_whole
from ..errors import LabelError

DROPPED = -1  # index of a class that is left out
MOST_NEAREST = (
    50  # names for which the nearest are looked up; with 100,000 classes each takes a second
)


def read_class_list(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Read a class list: one name a line, in the order of the class indices.

    Args:
        path: Text file, UTF-8.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If it is not UTF-8, has no line, or a name is empty, repeated or malformed; names
            file and line.
    """
    try:
        content = read_whole(Path(path), 'a class list has one name a line')
        lines = content.decode('utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise LabelError(str(path), str(error), 'a class list in UTF-8') from None
    if not lines:
        raise LabelError(str(path), 'no line', 'one class name a line')
    return check_class_names(lines, lambda index: f'{path}:{index + 1}')


def check_class_names(names: Iterable[str], location_of: object = None) -> tuple[str, ...]:
    """Return class names as a tuple.

    Args:
        names: Class names.
        location_of: Returns where the name at a position stands; by default its number.

    Raises:
        LabelError: If a name is repeated or malformed.
    """
    first: dict[str, int] = {}
    found = tuple(names)
    for index, name in enumerate(found):
        where = location_of(index) if callable(location_of) else f'classes[{index}]'
        if not isinstance(name, str) or name_fault(name):
            raise LabelError(where, repr(name), 'a class name, without spaces around it')
        if first.setdefault(name, index) != index:
            raise LabelError(where, f'{name!r} again', 'each class once')
    return found


def name_fault(name: str) -> bool:
    """Return whether a class name is malformed: empty, not printable, or with spaces around it."""
    return not name.isprintable() or name != name.strip() or not name


def shorten(names: Sequence[str], most: int = 4) -> str:
    """Return the first names, for a message."""
    return ', '.join(names[:most]) + (', ...' if len(names) > most else '')


def nearest(name: str, classes: Sequence[str], most: int = 3) -> list[str]:
    """Return the class names most like ``name``, best first.

    >>> nearest('persn', ['cat', 'person', 'dog'])
    ['person']
    """
    same = [known for known in classes if known.casefold() == name.casefold()]
    return same or difflib.get_close_matches(name, classes, most, cutoff=0.6)


class ClassIndex(dict[str, int]):
    """Indices of class names as a table writes them; an unknown name raises KeyError.

    Without a class list every name gets an index in the order of appearance, and
    :meth:`sorted_order` tells the final one.

    Args:
        classes: Class names, or None to infer them.
        drop_others: Whether other names get the index :data:`DROPPED`.
    """

    def __init__(self, classes: Sequence[str] | None, drop_others: bool = False) -> None:
        super().__init__()
        self.names: list[str] = list(classes or ())
        self.inferred = classes is None
        self.drop_others = drop_others
        self.dropped: dict[str, int] = {}  # names left out, in order of appearance
        self._problems: dict[str, LabelError] = {}
        for index, name in enumerate(self.names):
            self[name] = index

    def __missing__(self, text: str) -> int:
        if not isinstance(text, str):  # in JSON
            raise KeyError(text)
        name = text.strip()
        if name != text and name:
            index = self[name]
        elif name_fault(name):
            raise KeyError(text)
        elif self.inferred:
            index = len(self.names)
            self.names.append(name)
        elif self.drop_others:
            index = DROPPED
            self.dropped[name] = 0
        else:
            raise KeyError(text)
        self[text] = index
        return index

    def problem(self, where: str, text: str) -> LabelError:
        """Return the problem of a name that raised KeyError."""
        name = str(text).strip()
        if name not in self._problems:
            self._problems[name] = self._describe(name)
        known = self._problems[name]
        return LabelError(where, known.got, known.expected)

    def _describe(self, name: str) -> LabelError:
        if name_fault(name):
            surrogates = any('\ud800' <= character <= '\udfff' for character in name)
            expected = 'UTF-8 text' if surrogates else 'class names between the separators'
            return LabelError('', f'{name!r}', expected)
        expected = f'one of the {len(self.names)} classes'
        if len(self._problems) < MOST_NEAREST and (near := nearest(name, self.names)):
            expected += f'; nearest: {", ".join(map(repr, near))}'
        return LabelError('', f'the class {name!r}', expected)

    def notes(self, classes: Sequence[str]) -> list[str]:
        """Return what the log has to say about the classes.

        Args:
            classes: Classes of the table.
        """
        if self.inferred and classes:
            return [f': {len(classes)} classes found, {shorten(classes)}']
        if self.dropped:
            names = shorten(list(self.dropped))
            return [
                f': {len(self.dropped)} classes are not in the class list and left out, {names}'
            ]
        return []

    def sorted_order(self) -> tuple[tuple[str, ...], np.ndarray]:
        """Return the inferred names, sorted (as numbers if all are), and the new index of each."""
        numbers = all(name.isascii() and name.isdecimal() for name in self.names)
        key = (lambda i: (int(self.names[i]), self.names[i])) if numbers else self.names.__getitem__
        order = sorted(range(len(self.names)), key=key)
        position = np.empty(len(order), np.int32)
        position[order] = np.arange(len(order))
        return tuple(self.names[index] for index in order), position


def as_classes(classes: Sequence[str] | str | os.PathLike[str] | None) -> tuple[str, ...] | None:
    """Return class names that are given, or that a file holds; None if there are none.

    Args:
        classes: Class names, or the path of a file with one name a line.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If a name is repeated or malformed.
    """
    if isinstance(classes, (str, os.PathLike)):
        return read_class_list(classes)
    return None if classes is None else check_class_names(classes)
