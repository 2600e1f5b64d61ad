"""What must be in the folder of a data set, by what is known of it: numbers of files and lines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..labels import read_instances


class Content(Protocol):
    """A part of a data set whose presence can be verified.

    Attributes:
        path: Its path below the root.
    """

    @property
    def path(self) -> str: ...

    def fault(self, root: Path) -> str:
        """Return what is wrong with it below ``root``; empty if all is there."""


@dataclass(frozen=True)
class Present:
    """A folder with at least a number of files, or a file with a number of lines.

    Attributes:
        path: Path below the root.
        number: Number of files or lines; None if it only has to be there.
        suffix: Ending of the files that count.
    """

    path: str
    number: int | None = None
    suffix: str = ''

    def fault(self, root: Path) -> str:
        """Return what is wrong; empty if the number is right."""
        path = root / self.path
        if not path.exists():
            return f'no {self.path}'
        if self.number is None:
            return ''
        if path.is_dir():
            got, what = _count_files(path, self.suffix), f'{self.suffix} files'.strip()
            enough = got >= self.number  # there may be others beside them
        else:
            got, what = _count_lines(path), 'lines'
            enough = got == self.number
        return '' if enough else f'{self.path}: {got:,} of {self.number:,} {what}'


@dataclass(frozen=True)
class Listed:
    """A list of images, and files of each of them.

    Attributes:
        path: Path of the list below the root, with one image a line.
        number: Number of images.
        files: Paths of the files of an image, with ``{}`` for its line.
    """

    path: str
    number: int
    files: tuple[str, ...]

    def fault(self, root: Path) -> str:
        """Return what is wrong; empty if list and files are complete."""
        wrong = Present(self.path, self.number).fault(root)
        if wrong:
            return wrong
        images = (root / self.path).read_text(encoding='utf-8').split()
        for pattern in self.files:
            there = _names(root / pattern.rpartition('/')[0])
            name = pattern.rpartition('/')[2]
            missing = [image for image in images if name.format(image) not in there]
            if missing:
                first = pattern.format(missing[0])
                return f'{len(missing):,} of {len(images):,} missing, such as {first}'
        return ''


@dataclass(frozen=True)
class Shown:
    """Annotations of COCO with a number of labelled images and of labels.

    Attributes:
        path: Path below the root.
        images: Number of images with a label.
        labels: Number of labels, one for a class in an image.
    """

    path: str
    images: int
    labels: int

    def fault(self, root: Path) -> str:
        """Return what is wrong; empty if the numbers are right."""
        if not (root / self.path).is_file():
            return f'no {self.path}'
        try:
            found = read_instances(root / self.path)
        except ValueError as error:
            return str(error)
        got = len(found.names), sum(map(len, found.labels))
        if got == (self.images, self.labels):
            return ''
        return (
            f'{self.path}: {got[0]:,} labelled images and {got[1]:,} labels, '
            f'expected {self.images:,} and {self.labels:,}'
        )


def _names(folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}


def _count_files(folder: Path, suffix: str) -> int:
    return sum(name.endswith(suffix) and not name.startswith('.') for name in _names(folder))


def _count_lines(path: Path) -> int:
    count, last = 0, b'\n'
    with path.open('rb') as file:
        while block := file.read(1 << 22):
            count, last = count + block.count(b'\n'), block[-1:]
    return count + (last != b'\n')
