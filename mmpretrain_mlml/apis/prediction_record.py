"""What a long prediction has done, on disk, so that it resumes where it was stopped."""

from __future__ import annotations

import heapq
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from ..files import atomic_write

RUN = 'run.json'


class Entry(NamedTuple):
    """What is recorded of an image.

    Attributes:
        name: Name of the image in the table.
        tags: Its tags, class indices in ascending order; None if it is broken.
        error: Why it could not be read; None if it could.
    """

    name: str
    tags: list[int] | None
    error: str | None


class PredictionRecord:
    """Folder with the results of the batches that are done.

    Each process adds lines to a file of its own, a batch a line. A line that was not written
    completely counts as not written. Whatever the number of processes and interruptions, the entries
    come back in the order of the batches.

    Args:
        folder: Folder of the record, which is removed at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(folder / 'lock')
        self._file: Any = None

    def open(self, identity: Mapping[str, Any]) -> None:
        """Begin, or resume what was begun; in the first of several processes only.

        Args:
            identity: What the results depend on, ready for JSON.

        Raises:
            ValueError: If the folder holds the results of another run, or another process writes it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ValueError(f'{self.folder}: another process writes these predictions') from None
        path = self.folder / RUN
        if not path.exists():
            with atomic_write(path, 'w') as file:
                json.dump(identity, file)
            return
        before = json.loads(path.read_text(encoding='utf-8'))
        others = sorted(k for k in {*before, *identity} if before.get(k) != identity.get(k))
        if others:
            raise ValueError(
                f'{self.folder} holds the predictions of a run with other {", ".join(others)}: repeat '
                'its command to resume it, give another --out, or delete the folder'
            )

    def done(self) -> set[int]:
        """Return the numbers of the batches that are done."""
        return {batch for part in self._parts() for batch, _ in _lines(part)}

    def add(self, batch: int, entries: Sequence[Entry]) -> None:
        """Record a batch; a process adds its batches in ascending order.

        Args:
            batch: Number of the batch.
            entries: Its images.
        """
        if self._file is None:
            path = self.folder / f'{secrets.token_hex(6)}.jsonl'
            self._file = path.open('a', encoding='utf-8')
        self._file.write(f'{json.dumps([batch, entries])}\n')
        self._file.flush()  # to the system: it outlives the process

    def entries(self) -> Iterator[Entry]:
        """Yield what is recorded, in the order of the batches."""
        last = -1
        for batch, entries in heapq.merge(*map(_lines, self._parts()), key=lambda line: line[0]):
            if batch > last:  # once, although two processes may have done it
                yield from entries
            last = batch

    def remove(self) -> None:
        """Remove the folder."""
        self.close()
        shutil.rmtree(self.folder)

    def close(self) -> None:
        """Close the file of this process, and give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._lock.release()

    def _parts(self) -> list[Path]:
        return sorted(self.folder.glob('*.jsonl'))


def _lines(part: Path) -> Iterator[tuple[int, list[Entry]]]:
    """Yield the batches in a file, up to a line that was not written completely."""
    with part.open('rb') as file:
        for line in file:
            try:
                batch, entries = json.loads(line)
            except ValueError:
                return
            if not line.endswith(b'\n'):
                return
            yield batch, [Entry(*entry) for entry in entries]
