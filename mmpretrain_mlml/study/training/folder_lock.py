"""The lock of a run's folder: held by its process, which may live longer than its study."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LOCK = 'lock'


def open_lock(folder: Path) -> IO[str] | None:
    """Open and lock the lock file of a folder; return None if another process holds the lock.

    The lock ends when the file is closed in all processes that were given it.
    """
    lock = (folder / LOCK).open('a+', encoding='utf-8')
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def write_owner(lock: IO[str], place: int) -> None:
    """Write into a lock file that this study has started its process, and in which place."""
    lock.truncate(0)
    json.dump({'study': os.getpid(), 'host': socket.gethostname(), 'place': place}, lock)
    lock.flush()


@dataclass(frozen=True)
class Orphan:
    """A run on this machine that trains on although its study was killed.

    Attributes:
        folder: Its folder.
        place: Its place among those that the study had, 0-based.
    """

    folder: Path
    place: int

    def is_running(self) -> bool:
        """Return whether its process still holds the lock of the folder."""
        return _is_locked(self.folder)


def find_orphans(work_dir: Path) -> Iterator[Orphan]:
    """Yield the orphans of earlier studies in a work directory."""
    for path in sorted(work_dir.glob(f'*/{LOCK}')):
        owner = _read_owner(path)
        if owner.get('host') != socket.gethostname() or _lives(owner.get('study')):
            continue
        if _is_locked(path.parent):
            yield Orphan(path.parent, int(owner.get('place', 0)))


def _is_locked(folder: Path) -> bool:
    lock = open_lock(folder)
    if lock is None:
        return True
    lock.close()
    return False


def _read_owner(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        owner = json.loads(path.read_text(encoding='utf-8'))
        return owner if isinstance(owner, dict) else {}
    return {}


def _lives(pid: Any) -> bool:
    if not isinstance(pid, int):
        return True  # an owner of an earlier version: nothing is known
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
