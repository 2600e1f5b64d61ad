"""The files of a split: found, read line by line, and named where they are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from ..bounds import read_whole
from ..errors import LabelError

T = TypeVar('T')


def require_file(folder: Path, name: str, what: str) -> Path:
    """Return a file in a folder.

    Args:
        folder: Folder.
        name: File name.
        what: What the file holds, for the message.

    Raises:
        FileNotFoundError: If it is not there; says which files of its kind are.
    """
    path = folder / name
    if path.is_file():
        return path
    if not folder.is_dir():
        raise FileNotFoundError(f'no {path}, {what}: there is no folder {folder}')
    kind = Path(name).suffix
    there = sorted(file.stem for file in folder.glob(f'*{kind}') if '_' not in file.stem)
    hint = f'; there are {", ".join(there[:8])}' if there else ''
    raise FileNotFoundError(f'no {path}, {what}{hint}')


def require_one(folder: Path, pattern: str, what: str, without: str = '') -> Path:
    """Return the only file that matches a pattern.

    Args:
        folder: Folder.
        pattern: Glob pattern.
        what: What the file holds, for the message.
        without: Files with this in their name do not count.

    Raises:
        FileNotFoundError: If there is none.
        LabelError: If there are several.
    """
    found = [
        path for path in sorted(folder.glob(pattern)) if not without or without not in path.name
    ]
    if not found:
        raise FileNotFoundError(f'no {folder / pattern}, {what}')
    if len(found) > 1:
        names = ', '.join(path.name for path in found)
        raise LabelError(str(folder), f'several files with {what}: {names}', 'one of them')
    return found[0]


def listed_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line of a list, without white space around it.

    Raises:
        LabelError: If the file is not UTF-8 text, or does not fit into memory.
    """
    try:
        content = read_whole(path, 'a list has one image a line')
        lines = content.decode('utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise LabelError(str(path), str(error), 'a list in UTF-8') from None
    for number, line in enumerate(lines, start=1):
        yield number, line.strip()


def choose(option: str, value: str, known: Mapping[str, T]) -> T:
    """Return what the value of an option stands for.

    Raises:
        ValueError: If the value is unknown.
    """
    if value not in known:
        raise ValueError(f'{option}={value!r}: expected one of {tuple(known)}')
    return known[value]
