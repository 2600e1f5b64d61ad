"""Label lists: text files with one image a line, ``name,ids``, as released with the paper."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from .errors import LabelError


class LabelList(NamedTuple):
    """N image names and, for each, the class indices marked present, ascending."""

    names: list[str]
    labels: list[list[int]]


def read_label_list(path: str | os.PathLike, num_classes: int) -> LabelList:
    """Reads a label list.

    A line is ``name,ids``: an image's path relative to the image folder, up to the first comma, and
    class indices separated by blanks (a leading blank, tabs and CRLF line ends are fine, and so is a
    UTF-8 byte order mark). No ids after the comma: nothing is marked in this image.

    Args:
        path: The file, UTF-8.
        num_classes: Indices run from 0 to ``num_classes`` - 1.

    Raises:
        FileNotFoundError: There is no such file.
        LabelError: A line is not of the form above, an index is out of range or stands twice, a name
            stands twice, is empty, has blanks around it or leaves the folder, or there is no line;
            says file and line.
    """
    path = Path(path)
    index_of = {str(index): index for index in range(num_classes)}
    names: list[str] = []
    labels: list[list[int]] = []
    for number, line in enumerate(_lines(path), start=1):
        name, comma, ids = line.partition(',')
        try:
            present = [index_of[text] for text in ids.split()]
        except KeyError:
            present = None
        if present is None or not comma or not name or (len(present) > 1 and not _sort(present)):
            raise _line_error(f'{path}:{number}', line, num_classes)
        names.append(name)
        labels.append(present)
    if not names:
        raise LabelError(str(path), 'no line', 'one image a line')
    check_names(names, where=lambda index: f'{path}:{index + 1}')
    return LabelList(names, labels)


def write_label_list(
    path: str | os.PathLike, names: Iterable[str], labels: Iterable[Sequence[int]]
) -> None:
    """Writes a label list in the released format (``name,id id``, LF line ends).

    Args:
        path: The file to write; an existing one is replaced once the new one is complete.
        names: N image names, without commas, control characters or blanks around them.
        labels: N sequences of class indices.

    Raises:
        ValueError: Names and labels differ in number, or a name cannot be written.
    """
    path = Path(path)
    part = path.with_name(path.name + '.part')
    with part.open('w', encoding='utf-8', newline='\n') as file:
        for name, present in zip(names, labels, strict=True):
            if not name.isprintable() or ',' in name or name != name.strip():
                raise ValueError(
                    f'expected a name without commas or blanks around it, got {name!r}'
                )
            file.write(f'{name},{" ".join(map(str, present))}\n')
    part.replace(path)


def check_names(names: Sequence[str], where: Callable[[int], str]) -> None:
    """Raises LabelError for a name that stands twice or points outside the image folder.

    Args:
        names: Image names in the order of their source.
        where: Says where the name of a given position stands.
    """
    if len(set(names)) < len(names):
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            if first.setdefault(name, index) != index:
                got = f'{name!r} again, first at {where(first[name])}'
                raise LabelError(where(index), got, 'each image once')
    everything = '\n'.join(('', *names, ''))
    plain = not everything.encode().translate(None, delete=_PLAIN)
    if plain and not any(sign in everything for sign in _SUSPICIOUS):
        return
    for index, name in enumerate(names):
        if not name or not name.isprintable() or name != name.strip():
            expected = 'a name without control characters or blanks around it'
            raise LabelError(where(index), repr(name), expected)
        parts = name.replace('\\', '/').split('/')
        if '..' in parts or parts[0] == '' or parts[0].endswith(':'):
            raise LabelError(where(index), repr(name), 'a path inside the image folder')


# Nearly all lists are plain ASCII and hold none of these signs, which is fast to see; else each name
# is looked at closely.
_PLAIN = bytes(range(0x20, 0x7F)) + b'\n'
_SUSPICIOUS = ('..', ':', '\n/', '\n\\', '\n ', ' \n', '\n\n')


def _sort(present: list[int]) -> bool:
    """Sorts in place; says whether all are distinct."""
    present.sort()
    return len(set(present)) == len(present)


def _lines(path: Path) -> list[str]:
    data = path.read_bytes()
    try:
        text = data.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        raise LabelError(
            f'{path}:{line}', f'bytes {error.object[error.start : error.end]!r}', 'UTF-8 text'
        ) from None
    lines = text.replace('\r\n', '\n').split('\n')
    return lines[:-1] if lines[-1] == '' else lines


def _line_error(where: str, line: str, num_classes: int) -> LabelError:
    """Says what is wrong with a line that could not be read."""
    name, comma, ids = line.partition(',')
    shown = repr(line if len(line) <= 80 else line[:77] + '...')
    form = "'name,ids', such as 'a.jpg,0 52'"
    if not comma:
        return LabelError(where, f'{shown}, without a comma' if line else 'an empty line', form)
    if not name:
        return LabelError(where, f'{shown}, without an image name', form)
    known = {str(index) for index in range(num_classes)}
    seen: set[str] = set()
    for text in ids.split():
        if text not in known:
            return LabelError(
                where, f'class index {text!r}', f'whole numbers from 0 to {num_classes - 1}'
            )
        if text in seen:
            return LabelError(where, f'class index {text} twice', 'each index once')
        seen.add(text)
    raise AssertionError(f'{where}: nothing wrong with {shown}')
