"""Label lists: text files with one image a line, ``name,ids``, as released with the paper."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..files import atomic_write
from .bounds import read_whole
from .errors import LabelError
from .names import name_problems
from .parsed import LabelList, ParsedLabels


def read_label_list(path: str | os.PathLike[str], num_classes: int) -> LabelList:
    """Read a label list.

    A line is ``name,ids``: the path of an image relative to the image folder, up to the first comma,
    and class indices separated by white space. A leading space, tabs, CRLF line ends and a UTF-8 byte
    order mark are accepted. An image without indices has no positive label.

    Args:
        path: Label list, UTF-8.
        num_classes: Number of classes C; indices lie in [0, C - 1].

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If the file has no line; a line has another form; an index is out of range or
            repeated; a name is repeated, is empty, has spaces around it or points outside the image
            folder. The message names file and line.
    """
    return parse_label_list(path, num_classes).require_no_problems()


def parse_label_list(path: str | os.PathLike[str], num_classes: int) -> ParsedLabels:
    """Parse a label list and collect all of its problems.

    Args:
        path: As for :func:`read_label_list`.
        num_classes: As for :func:`read_label_list`.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    path = Path(path)
    index_of = {str(index): index for index in range(num_classes)}
    names: list[str] = []
    labels: list[list[int]] = []
    problems: dict[int, LabelError] = {}  # by line number
    try:
        lines, undecodable = _split_lines(path)
    except LabelError as error:
        return ParsedLabels(LabelList([], []), str, [error])
    for number, line in enumerate(lines, start=1):
        name, comma, ids = line.partition(',')
        try:
            present = [index_of[text] for text in ids.split()]
        except KeyError:
            present = None
        if present is None or not comma or not name or (len(present) > 1 and not _sort(present)):
            location = f'{path}:{number}'
            problems[number] = undecodable.get(number) or _line_problem(location, line, num_classes)
            continue
        names.append(name)
        labels.append(present)
    if not lines:
        problems[0] = LabelError(str(path), 'no line', 'one image a line')
    numbers: Sequence[int] = range(1, len(lines) + 1)
    if problems:
        numbers = [number for number in numbers if number not in problems]

    def location_of(index: int) -> str:
        return f'{path}:{numbers[index]}'

    return ParsedLabels(
        LabelList(names, labels),
        location_of,
        [*problems.values(), *name_problems(names, location_of)],
    )


def write_label_list(
    path: str | os.PathLike[str], names: Iterable[str], labels: Iterable[Sequence[int]]
) -> None:
    """Write a label list in the released format: ``name,id id`` with LF line ends.

    Args:
        path: File to write. An existing file is replaced once the new one is complete.
        names: N image names, without commas, control characters or spaces around them.
        labels: N sequences of class indices.

    Raises:
        ValueError: If names and labels differ in number, or a name cannot be written.
    """
    with atomic_write(path, 'w') as file:
        for name, present in zip(names, labels, strict=True):
            if not name.isprintable() or ',' in name or name != name.strip():
                raise ValueError(
                    f'expected a name without commas or spaces around it, got {name!r}'
                )
            file.write(f'{name},{" ".join(map(str, present))}\n')


def _sort(present: list[int]) -> bool:
    """Sort in place; return whether all indices are distinct."""
    present.sort()
    return len(set(present)) == len(present)


def _split_lines(path: Path) -> tuple[list[str], dict[int, LabelError]]:
    """Return the lines of a file, and the problems of lines that are not UTF-8, by line number.

    Lines that are not UTF-8 are returned empty.
    """
    data = read_whole(path, 'write it as a table .csv, which is read row by row').removeprefix(
        codecs.BOM_UTF8
    )
    text = data.decode('utf-8', 'surrogateescape').replace('\r\n', '\n')
    lines = text.split('\n')
    if lines[-1] == '':
        lines.pop()
    problems = {}
    if not text.isascii():
        for index, line in enumerate(lines):
            escaped = ''.join(_ESCAPED_BYTES.findall(line)).encode('utf-8', 'surrogateescape')
            if escaped:
                location = f'{path}:{index + 1}'
                problems[index + 1] = LabelError(location, f'bytes {escaped[:20]!r}', 'UTF-8 text')
                lines[index] = ''
    return lines, problems


_ESCAPED_BYTES = re.compile('[\udc80-\udcff]+')  # surrogateescape decodes invalid bytes to these


def _line_problem(location: str, line: str, num_classes: int) -> LabelError:
    """Return the problem of a line that could not be parsed."""
    name, comma, ids = line.partition(',')
    shown = repr(line if len(line) <= 80 else line[:77] + '...')
    form = "'name,ids', such as 'a.jpg,0 52'"
    if not comma:
        return LabelError(location, f'{shown}, without a comma' if line else 'an empty line', form)
    if not name:
        return LabelError(location, f'{shown}, without an image name', form)
    valid = {str(index) for index in range(num_classes)}
    seen: set[str] = set()
    for text in ids.split():
        if text not in valid:
            return LabelError(
                location, f'class index {text!r}', f'whole numbers from 0 to {num_classes - 1}'
            )
        if text in seen:
            return LabelError(location, f'class index {text} twice', 'each index once')
        seen.add(text)
    raise AssertionError(f'{location}: no problem in {shown}')
