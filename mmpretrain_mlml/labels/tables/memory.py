"""Whether the labels of a large table fit in memory, found out early."""

from __future__ import annotations

from ..bounds import available_memory
from ..errors import LabelError
from .source import Rooted

ENOUGH_READ = 64 << 20  # bytes from which the rest of the file is estimated
PEAK = 3  # memory while the entries are sorted, over that of the entries


class MemoryWatch:
    """Stops the reading of a table whose labels will not fit in memory.

    The rows of a table are not kept, so its size alone says little.

    Args:
        source: The table.
    """

    def __init__(self, source: Rooted) -> None:
        self._source = source
        self._size = source.path.stat().st_size
        self._next = ENOUGH_READ

    def check(self, nbytes: int) -> None:
        """Estimate the memory for the whole table.

        Args:
            nbytes: Memory for the part that was read so far, in bytes.

        Raises:
            LabelError: If it is more than is available.
        """
        position = self._source.position
        if position < self._next:
            return
        self._next = 2 * position
        needed = int(PEAK * nbytes * self._size / position)
        available = available_memory() + nbytes
        if needed > available:
            gib = 1 << 30
            got = f'a table of {self._size / gib:.1f} GiB whose labels need {needed / gib:.1f} GiB'
            expected = (
                f'at most the {available / gib:.1f} GiB of memory that are free: split the table'
            )
            raise LabelError(str(self._source.path), got, expected)
