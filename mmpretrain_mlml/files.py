"""Atomic writing of files; the standard library alone."""

from __future__ import annotations

import glob
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, overload

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_ABANDONED = 24 * 3600  # seconds after which an unfinished file is removed that cannot be locked


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal['wb'] = 'wb', *, durable: bool = True
) -> AbstractContextManager[IO[bytes]]: ...


@overload
def atomic_write(
    path: str | os.PathLike[str],
    mode: Literal['w'],
    encoding: str = 'utf-8',
    *,
    durable: bool = True,
) -> AbstractContextManager[IO[str]]: ...


@contextmanager
def atomic_write(
    path: str | os.PathLike[str],
    mode: Literal['w', 'wb'] = 'wb',
    encoding: str = 'utf-8',
    *,
    durable: bool = True,
) -> Iterator[Any]:
    r"""Open a file that replaces ``path`` as a whole, or not at all.

    The content goes to a temporary file in the same folder, whose name no other process uses. At the
    end of the ``with`` block it is flushed to the disk and renamed to ``path``. A process that is
    killed, a full disk or an error in the block leaves the earlier file unchanged. Only a killed
    process leaves its temporary file, which the next writer of ``path`` removes.

    Args:
        path: File to write. Its folder must exist.
        mode: ``'wb'`` for bytes, ``'w'`` for text with ``\n`` line ends.
        encoding: Encoding of text.
        durable: Whether to wait for the disk and to search the folder for what killed writers left.
            Without it, a power cut may leave an incomplete file, and unfinished files stay until
            :func:`remove_unfinished` is called: for many files that are checked when they are read.

    Raises:
        OSError: If the file cannot be written. The message names it.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with atomic_write(f'{folder}/notes.txt', 'w') as file:
    ...         _ = file.write('done')
    ...     Path(folder, 'notes.txt').read_text()
    'done'
    """
    path = Path(path)
    if durable:
        remove_unfinished(path.parent, glob.escape(path.name))
    temporary, file = _open_temporary(path, mode == 'w', encoding)
    try:
        with file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
            if fcntl is not None:
                temporary.replace(path)  # before it is closed: nobody takes it for unfinished
        if fcntl is None:  # Windows does not rename an open file
            temporary.replace(path)
    except OSError as error:
        size = _remove(temporary)
        if error.filename not in (None, str(temporary)):  # an error of another file, in the block
            raise
        raise _write_error(path, error, size) from error
    except BaseException:
        _remove(temporary)
        raise
    if durable:
        _flush_folder(path.parent)


def remove_unfinished(folder: str | os.PathLike[str], pattern: str) -> None:
    """Remove the temporary files that killed processes left in a folder.

    A file that a process still writes stays: the process holds a lock on it, which ends with it.
    Where the file system has no locks, files stay for a day.

    Args:
        folder: Folder of the files that were to be written.
        pattern: Glob pattern of their names, without the temporary part.
    """
    for part in Path(folder).glob(f'.{pattern}.*part'):  # up to 0.1.0 without anything between
        with suppress(OSError), part.open('r+b') as file:
            if _lock(file, part):
                part.unlink()


def _open_temporary(path: Path, text: bool, encoding: str) -> tuple[Path, IO[Any]]:
    """Create a temporary file of a name that no other process uses, and lock it."""
    while True:
        temporary = path.with_name(f'.{path.name}.{secrets.token_hex(4)}.part')
        try:
            if text:
                file: IO[Any] = temporary.open('x', encoding=encoding, newline='\n')
            else:
                file = temporary.open('xb')
        except OSError as error:
            raise _write_error(path, error, 0) from error
        if not _lock(file, temporary) and fcntl is not None:
            with suppress(OSError):  # no locks on this file system
                fcntl.flock(file, fcntl.LOCK_EX)  # waits for a process that is testing the lock
        if temporary.exists():  # otherwise removed by another process before it was locked
            return temporary, file
        file.close()


def _lock(file: IO[Any], path: Path) -> bool:
    """Lock an open file; return False if another process has locked it, or may have."""
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except BlockingIOError:
        return False
    except OSError:  # no locks on this file system
        pass
    return time.time() - path.stat().st_mtime > _ABANDONED


def _write_error(path: Path, error: OSError, size: int) -> OSError:
    return OSError(
        error.errno,
        f'could not write {path} ({error.strerror or error}, after {size} bytes); what was there '
        'before is untouched',
    )


def _remove(file: Path) -> int:
    """Remove a file, if it is there; return the size it had."""
    with suppress(OSError):
        size = file.stat().st_size
        file.unlink()
        return size
    return 0


def _flush_folder(folder: Path) -> None:
    """Flush the names in a folder, so that a power cut cannot undo a rename."""
    if hasattr(os, 'O_DIRECTORY'):  # not on Windows
        descriptor = os.open(folder, os.O_DIRECTORY)
        with suppress(OSError):  # some network file systems cannot
            os.fsync(descriptor)
        os.close(descriptor)
