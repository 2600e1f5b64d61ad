"""Errors of a user as one line, with the traceback on request.

An error is a user's if the message alone says what to change:

- it is raised on purpose by this package (a ``raise`` of ValueError, RuntimeError, ...);
- it is an ``OSError``: a file is missing, a disk is full, a server does not answer;
- MMEngine cannot read the config, or an error is raised in its text;
- the stack raises it on purpose before the first step, or is given an unknown argument.

Any other error is a bug, of this package, the stack or a part of one's own, and keeps its traceback.
"""

from __future__ import annotations

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
_CONFIG = Path(mmengine.__path__[0]) / 'config'
_BUGS = NotImplementedError, RecursionError, MemoryError
_BUGS_OF_THE_STACK = AttributeError, IndexError, StopIteration  # it raises them on purpose, too
_WORKER = re.compile(r'Caught \w+ in DataLoader worker process')


@contextmanager
def user_errors_in_one_line() -> Iterator[None]:
    """End the process with one line on stderr, and exit code 1, if an error of the user is raised.

    ``MLML_TRACEBACK=1`` shows every traceback. Of several processes, each prints its own error.
    """
    try:
        yield
    except Exception as error:
        end_in_one_line(error)
        raise


def end_in_one_line(error: Exception) -> None:
    """Exit with one line on stderr, and exit code 1, if an error is one of the user."""
    if traceback_wanted() or not is_users(error):
        return
    sys.stdout.flush()
    line = f'{_who()}: {one_line(error)} ({SWITCH}=1 shows the traceback)'
    sys.stderr.write(f'{line}\n')
    raise SystemExit(1) from None


def traceback_wanted() -> bool:
    """Return whether ``MLML_TRACEBACK`` asks for tracebacks."""
    return os.environ.get(SWITCH, '0') not in ('', '0')


def is_users(error: BaseException) -> bool:
    """Return whether an error is one of the user; see above."""
    if isinstance(error, OSError) or type(error).__module__.split('.')[0] == _HERE.name:
        return True
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or isinstance(error, _BUGS):
        return False
    if _config_line(error):
        return True
    place = Path(frames[-1].filename)
    if place.is_relative_to(_HERE):
        return _raised_on_purpose(frames[-1])
    if place.is_relative_to(_CONFIG):
        return True
    started = any(frame.name == 'run_iter' for frame in frames)
    if (
        started
        or isinstance(error, _BUGS_OF_THE_STACK)
        or not any(map(place.is_relative_to, _STACK))
    ):
        return False
    return _is_of_arguments(error) or (_raised_on_purpose(frames[-1]) and bool(str(error)))


def one_line(error: BaseException) -> str:
    """Return the message of an error in one line, with its type where the message needs it."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if _WORKER.match(text):  # of a data worker: the whole traceback, which ends with the message
        text = text.rsplit(f'{type(error).__name__}: ', 1)[-1]
    text = printable(' '.join(text.split()))
    place = _config_line(error)
    if place:
        said = error.msg if isinstance(error, SyntaxError) else text
        return printable(f'{place}: {type(error).__name__}: {said}')
    plain = isinstance(error, (ValueError, RuntimeError, OSError)) and text
    return text if plain else f'{type(error).__name__}: {text}'.removesuffix(': ')


def _config_line(error: BaseException) -> str | None:
    """Return ``FILE:LINE`` if an error is one in the text of a config that MMEngine reads."""
    file, last = None, None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if Path(frame.f_code.co_filename).is_relative_to(_CONFIG):
            file = frame.f_locals.get('filename', file)
        last = frame.f_code.co_filename, line
    if file is None or last is None:
        return None
    if isinstance(error, SyntaxError):
        return f'{file}:{error.lineno}'
    return f'{file}:{last[1]}' if last[0] in ('', file) else None


def _raised_on_purpose(frame: traceback.FrameSummary) -> bool:
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    return line.startswith(('raise ', 'assert '))


def _is_of_arguments(error: BaseException) -> bool:
    """Return whether MMEngine's runner passed arguments of the config that a part does not take."""
    return isinstance(error, TypeError) and '__init__() got an unexpected keyword' in str(error)


def _who() -> str:
    processes = int(os.environ.get('WORLD_SIZE', '1'))
    if processes == 1:
        return 'error'
    return f'error in process {os.environ.get("RANK", "?")} of {processes}'
