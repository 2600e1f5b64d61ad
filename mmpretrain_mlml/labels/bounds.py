"""Limits of what is read into memory at once: long lines, and files that are read as a whole."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .errors import LabelError

LONGEST_LINE = 1 << 26  # bytes; a row of 100,000 classes has a few million
LEAST_COST = 4  # memory that a file takes at least while it is read as a whole, in its sizes
CGROUP = Path('/sys/fs/cgroup')


class BoundedReader(io.BufferedReader):
    """A file of text, for a ``TextIOWrapper``, whose lines have at most ``LONGEST_LINE`` bytes.

    Otherwise a file without line ends, such as a damaged one, would be read into memory as a whole.

    Args:
        path: The file.

    Raises:
        LabelError: While it is read, at a line that is longer.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._path = path
        self._ends = 0  # line ends so far
        self._length = 0  # bytes after the last of them

    def read1(self, size: int = -1, /) -> bytes:
        """Read some bytes."""
        data = super().read1(size)
        last = max(data.rfind(b'\n'), data.rfind(b'\r'))
        self._ends += data.count(b'\n')
        self._length = len(data) - 1 - last if last >= 0 else self._length + len(data)
        if self._length > LONGEST_LINE:
            raise _too_long(self._path, self._ends + 1)
        return data


def bounded_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file with their ends, each of at most ``LONGEST_LINE`` bytes.

    Args:
        path: The file.

    Raises:
        LabelError: At a line that is longer.
    """
    with path.open('rb') as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise _too_long(path, number)
            yield line


def read_whole(path: Path, instead: str) -> bytes:
    """Return the content of a file.

    Args:
        path: The file.
        instead: What to do with one that is too large, for the message.

    Raises:
        LabelError: If it surely does not fit into memory.
    """
    size, gib = path.stat().st_size, 1 << 30
    most = available_memory() / LEAST_COST
    if size > most:
        got = f'a file of {size / gib:.1f} GiB, which is read as a whole'
        raise LabelError(str(path), got, f'at most {most / gib:.1f} GiB: {instead}')
    return path.read_bytes()


def available_memory() -> float:
    """Return the bytes of memory that are available to this process; infinite if that is unknown."""
    limits = [float('inf')]
    with suppress(OSError, ValueError, IndexError):
        lines = Path('/proc/meminfo').read_text().splitlines()
        limits += [int(line.split()[1]) * 1024 for line in lines if line.startswith('MemAvailable')]
    with suppress(OSError, ValueError):
        limit = int((CGROUP / 'memory.max').read_text())  # 'max' if there is none
        limits.append(limit - int((CGROUP / 'memory.current').read_text()))
    return min(limits)


def _too_long(path: Path, line: int) -> LabelError:
    got = f'a line of more than {LONGEST_LINE >> 20} MiB'
    return LabelError(f'{path}:{line}', got, 'a table as text, with line ends')
