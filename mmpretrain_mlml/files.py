"""Atomic writing of files; the standard library alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, overload


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal['wb'] = 'wb'
) -> AbstractContextManager[IO[bytes]]: ...


@overload
def atomic_write(
    path: str | os.PathLike[str], mode: Literal['w'], encoding: str = 'utf-8'
) -> AbstractContextManager[IO[str]]: ...


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], mode: Literal['w', 'wb'] = 'wb', encoding: str = 'utf-8'
) -> Iterator[Any]:
    r"""Open a file that replaces ``path`` as a whole, or not at all.

    The content goes to a temporary file in the same folder. At the end of the ``with`` block it is
    flushed to the disk and renamed to ``path``. A process that is killed, a full disk or an error in
    the block leaves the earlier file unchanged; only a killed process leaves its temporary file.

    Args:
        path: File to write. Its folder must exist.
        mode: ``'wb'`` for bytes, ``'w'`` for text with ``\n`` line ends.
        encoding: Encoding of text.

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
    temporary = path.with_name(temporary_name(path.name))
    text = mode == 'w'
    try:
        with temporary.open(
            mode, encoding=encoding if text else None, newline='\n' if text else None
        ) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        size = _remove(temporary)
        if error.filename not in (None, str(temporary)):  # an error of another file, in the block
            raise
        raise OSError(
            error.errno,
            f'could not write {path} ({error.strerror or error}, after {size} bytes); what was there '
            'before is untouched',
        ) from error
    except BaseException:
        _remove(temporary)
        raise
    _flush_folder(path.parent)


def temporary_name(name: str) -> str:
    """Return the name of the temporary file for a file called ``name``; also for glob patterns.

    >>> temporary_name('epoch_1.pth')
    '.epoch_1.pth.part'
    """
    return f'.{name}.part'


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
