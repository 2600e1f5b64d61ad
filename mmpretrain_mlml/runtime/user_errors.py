"""Errors of a user as one line, with the traceback on request.

An error is a user's if the message alone says what to change:

- it is raised on purpose by this package (a ``raise`` of ValueError, RuntimeError, OSError, ...);
- a file is missing, cannot be read or written, or the disk is full;
- MMEngine cannot read the config or build a part of it, or refuses its arguments;
- MMEngine, MMPretrain or torch raise it on purpose before the first step.

Any other error is a bug, of this package, the stack or a part of one's own, and keeps its traceback.
"""

from __future__ import annotations

import errno
import linecache
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mmcv
import mmengine
import mmpretrain
import torch

from ..printable import printable

SWITCH = 'MLML_TRACEBACK'
_HERE = Path(__file__).parents[1]
_STACK = [Path(module.__path__[0]) for module in (mmcv, mmengine, mmpretrain, torch)]
_BUILDING = [Path(mmengine.__path__[0]) / room for room in ('registry', 'config')]
_DEVELOPERS = NotImplementedError, RecursionError, MemoryError
_OF_FILES = FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError
_OF_DISKS = errno.ENOSPC, errno.EDQUOT, errno.EROFS
_WORKER = re.compile(r'Caught \w+ in DataLoader worker process')


@contextmanager
def user_errors_in_one_line() -> Iterator[None]:
    """End the process with one line on stderr, and exit code 1, if an error of the user is raised.

    ``MLML_TRACEBACK=1`` shows every traceback. Of several processes, each prints its own error.
    """
    try:
        yield
    except Exception as error:
        if os.environ.get(SWITCH, '0') not in ('', '0') or not is_users(error):
            raise
        sys.stdout.flush()
        line = f'{_who()}: {one_line(error)} ({SWITCH}=1 shows the traceback)'
        sys.stderr.write(f'{line}\n')
        raise SystemExit(1) from None


def is_users(error: BaseException) -> bool:
    """Return whether an error is one of the user; see above."""
    if isinstance(error, _DEVELOPERS):
        return False
    if type(error).__module__.split('.')[0] == _HERE.name or isinstance(error, _OF_FILES):
        return True
    if isinstance(error, OSError) and error.errno in _OF_DISKS:
        return True
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return False
    place = Path(frames[-1].filename)
    if _is_in(place, [_HERE]):
        return _raised_on_purpose(frames[-1])
    if _is_in(place, _BUILDING):
        return True
    started = any(frame.name == 'run_iter' for frame in frames)
    if started or not _is_in(place, _STACK):
        return False
    return (_raised_on_purpose(frames[-1]) and _says(error)) or _is_of_arguments(error)


def one_line(error: BaseException) -> str:
    """Return the message of an error in one line, with its type where the message needs it."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if _WORKER.match(text):  # of a data worker: the whole traceback, which ends with the message
        text = text.rsplit(f'{type(error).__name__}: ', 1)[-1]
    text = printable(' '.join(text.split()))
    plain = isinstance(error, (ValueError, RuntimeError, OSError)) and text
    return text if plain else f'{type(error).__name__}: {text}'.removesuffix(': ')


def _is_in(path: Path, folders: list[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _raised_on_purpose(frame: traceback.FrameSummary) -> bool:
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    return line.startswith(('raise ', 'assert '))


def _is_of_arguments(error: BaseException) -> bool:
    """Return whether MMEngine's runner passed arguments of the config that a part does not take."""
    return isinstance(error, TypeError) and '__init__() got an unexpected keyword' in str(error)


def _says(error: BaseException) -> bool:
    return bool(str(error)) and not isinstance(error, (AttributeError, IndexError, StopIteration))


def _who() -> str:
    processes = int(os.environ.get('WORLD_SIZE', '1'))
    if processes == 1:
        return 'error'
    return f'error in process {os.environ.get("RANK", "?")} of {processes}'
