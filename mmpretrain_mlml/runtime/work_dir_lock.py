"""A lock on a work directory, so that two trainings do not mix their files in it."""

from __future__ import annotations

import errno
import functools
import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from mmengine._strategy.base import BaseStrategy
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.logging import print_log
from mmengine.runner import Runner

from ..files import atomic_write

LOCK, HOLDER = '.training.lock', '.training.json'
_SHOWN = 300  # characters
_NO_LOCKS = errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL


class WorkDirError(RuntimeError):
    """A work directory that another training uses, or that cannot be written."""


@contextmanager
def lock_work_dirs() -> Iterator[None]:
    """Let each runner that is built in a ``with`` block lock its work directory.

    The first process of a run holds the lock from before its first file until the end of the block,
    and all of its processes learn of a refusal. The operating system releases the lock when a process
    ends, however it ends: a run that is restarted or requeued has it at once. The lock is the
    ``flock`` of :mod:`filelock`, which NFS and most file systems for clusters support; the lock of a
    machine that vanished lasts until the server notices (90 s with NFSv4).

    Raises:
        WorkDirError: In the runner, if another training uses its work directory, or it cannot be
            written. The message names the process, host, start and command of the other.
    """
    held: list[FileLock] = []
    command = _command()  # before a script is run in place of this one
    setups = [(Runner, 'setup_env'), (BaseStrategy, '_setup_env')]
    before = [getattr(owner, name) for owner, name in setups]
    for (owner, name), setup in zip(setups, before):
        setattr(owner, name, _then_lock(setup, held, command))
    try:
        yield
    finally:
        for (owner, name), setup in zip(setups, before):
            setattr(owner, name, setup)
        for lock in held:
            lock.release()


def lock_folder(folder: Path, command: str = '') -> FileLock | None:
    """Lock a folder for a training of this process, and write there who holds the lock.

    Args:
        folder: An existing folder.
        command: Command of this process, by default that of ``sys.argv``.

    Returns:
        The lock, which ends with the object or the process; None, with a warning, if the file system
        has no locks.

    Raises:
        WorkDirError: If another training holds the lock, or the folder cannot be written.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
        with atomic_write(folder / HOLDER, 'w') as file:
            json.dump(_this_process(command or _command()), file)
    except Timeout:
        raise WorkDirError(
            f'{folder} is used by another training: {describe_holder(folder)}. Wait until it ends, '
            'stop it, or choose another --work-dir'
        ) from None
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise WorkDirError(
                f'cannot write into the work directory {folder} ({os.strerror(error.errno or 0)}): '
                'choose another --work-dir'
            ) from error
        print_log(
            f'the file system of {folder} has no locks: a second training in it would go unnoticed',
            'current',
            level='WARNING',
        )
        return None
    return lock


def make_folder(folder: Path) -> None:
    """Create a work directory; raise WorkDirError if that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkDirError(
            f'cannot create the work directory {folder} ({error.strerror}): choose another --work-dir'
        ) from error


def training_in(folder: Path) -> dict[str, Any] | None:
    """Return who trains in a folder now: ``pid``, ``host``, ``since`` and ``command``; None if nobody.

    The dictionary is empty if the process has not said so yet.
    """
    if not (folder / LOCK).is_file():
        return None
    try:
        with FileLock(folder / LOCK).acquire(timeout=0):
            return None
    except Timeout:
        return _read_holder(folder)
    except (NotImplementedError, OSError):  # no locks, or not ours to write
        return None


def describe_holder(folder: Path) -> str:
    """Return the process, host, start and command of the training that holds the lock of a folder."""
    holder = _read_holder(folder)
    if not holder:
        return 'one that has just begun'
    text = 'process {pid} on {host}, since {since}: {command}'.format_map(holder)
    return ''.join(c if c.isprintable() else '?' for c in text[:_SHOWN])


def _then_lock(setup: Any, held: list[FileLock], command: str) -> Any:
    @functools.wraps(setup)
    def setup_and_lock(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = setup(self, *args, **kwargs)
        refusal: list[str | None] = [None]
        if is_main_process():
            try:
                held.extend(filter(None, [lock_folder(Path(self._work_dir), command)]))
            except WorkDirError as error:
                refusal = [str(error)]
        broadcast_object_list(refusal)
        if refusal[0] is not None:
            raise WorkDirError(refusal[0])
        return result

    return setup_and_lock


def _command() -> str:
    return shlex.join([Path(sys.executable).name, *sys.argv])


def _this_process(command: str) -> dict[str, Any]:
    return {
        'pid': os.getpid(),
        'host': socket.gethostname(),
        'since': time.strftime('%Y-%m-%d %H:%M:%S'),
        'command': command,
    }


def _read_holder(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        holder = json.loads((folder / HOLDER).read_text(encoding='utf-8'))
        if isinstance(holder, dict) and {'pid', 'host', 'since', 'command'} <= holder.keys():
            return holder
    return {}
