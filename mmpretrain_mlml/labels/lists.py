"""Label lists: text files with one image a line, ``name,ids``, as released with the paper."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from .errors import LabelError
from .examination import Examination, LabelList
from .names import name_problems


def read_label_list(path: str | os.PathLike, num_classes: int) -> LabelList:
    """Reads a label list.

    A line is ``name,ids``: an image's path relative to the image folder, up to the first comma, and
    class indices separated by white space (a leading blank, tabs and CRLF line ends are fine, and so
    is a UTF-8 byte order mark). No ids after the comma: nothing is marked in this image.

    Args:
        path: The file, UTF-8.
        num_classes: Indices run from 0 to ``num_classes`` - 1.

    Raises:
        FileNotFoundError: There is no such file.
        LabelError: A line is not of the form above, an index is out of range or stands twice, a name
            stands twice, is empty, has blanks around it or leaves the folder, or there is no line;
            says file and line.
    """
    return examine_label_list(path, num_classes).sound()


def examine_label_list(path: str | os.PathLike, num_classes: int) -> Examination:
    """Reads what can be read of a label list and collects all that is wrong with it.

    Args:
        path: As for :func:`read_label_list`.
        num_classes: As for :func:`read_label_list`.

    Raises:
        FileNotFoundError: There is no such file.
    """
    path = Path(path)
    index_of = {str(index): index for index in range(num_classes)}
    names: list[str] = []
    labels: list[list[int]] = []
    problems: dict[int, LabelError] = {}
    lines, strange = _lines(path)
    for number, line in enumerate(lines, start=1):
        name, comma, ids = line.partition(',')
        try:
            present = [index_of[text] for text in ids.split()]
        except KeyError:
            present = None
        if present is None or not comma or not name or (len(present) > 1 and not _sort(present)):
            place = f'{path}:{number}'
            problems[number] = strange.get(number) or _line_error(place, line, num_classes)
            continue
        names.append(name)
        labels.append(present)
    if not lines:
        problems[0] = LabelError(str(path), 'no line', 'one image a line')
    numbers = range(1, len(lines) + 1)
    if problems:
        numbers = [number for number in numbers if number not in problems]

    def where(index: int) -> str:
        return f'{path}:{numbers[index]}'

    found = [*problems.values(), *name_problems(names, where)]
    return Examination(LabelList(names, labels), where, found)


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


def _sort(present: list[int]) -> bool:
    """Sorts in place; says whether all are distinct."""
    present.sort()
    return len(set(present)) == len(present)


def _lines(path: Path) -> tuple[list[str], dict[int, LabelError]]:
    """The lines, those that are not UTF-8 as empty ones, and by number what is wrong with these."""
    data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    text = data.decode('utf-8', 'surrogateescape').replace('\r\n', '\n')
    lines = text.split('\n')
    if lines[-1] == '':
        lines.pop()
    problems = {}
    if not text.isascii():
        for index, line in enumerate(lines):
            stray = ''.join(_STRAY.findall(line)).encode('utf-8', 'surrogateescape')
            if stray:
                place = f'{path}:{index + 1}'
                problems[index + 1] = LabelError(place, f'bytes {stray[:20]!r}', 'UTF-8 text')
                lines[index] = ''
    return lines, problems


_STRAY = re.compile('[\udc80-\udcff]+')  # how bytes that are not UTF-8 are read


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
