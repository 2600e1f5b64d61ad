"""What all tools share: how they read their arguments, and how they end.

A tool parses its arguments first and imports what it needs after that, so ``--help`` and a wrong
argument are answered at once. :func:`run` starts it.
"""

from __future__ import annotations

import argparse
import ast
import codecs
import os
import select
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, TextIO

_CLOSED, _INTERRUPTED = 128 + signal.SIGPIPE, 128 + signal.SIGINT  # exit codes, as shells have them


class DictAction(argparse.Action):
    """MMEngine's ``DictAction``, imported where the option is given."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: Any = None
    ) -> None:
        from mmengine.config import DictAction

        for value in values:
            if '=' not in value:
                parser.error(f'argument {option}: expected KEY=VALUE, got {value!r}')
        DictAction(self.option_strings, self.dest)(parser, namespace, values, option)


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run the main function of a tool and exit with the code that it returns.

    - A character that the output's encoding does not have is written as its code.
    - A message at the end is printed without control characters.
    - A closed pipe, as after ``| head``, ends the tool quietly, with exit code 141.
    - Ctrl-C ends it with one line, and exit code 130.
    - An error of the user ends it with one line, and exit code 1.
    """
    _escape_unknown_characters(sys.stdout)
    # Of mmcv-lite, which is enough: no classifier of MMPretrain needs what is compiled in mmcv.
    warnings.filterwarnings('ignore', 'Fail to import ``MultiScaleDeformableAttention``')
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        if not _reader_has_gone(sys.stdout):
            raise
        _end_quietly()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich handles it itself, with exit code 1
            _end_quietly()
        lines = end.code.split('\n') if isinstance(end.code, str) else []
        if not all(map(str.isprintable, lines)):  # they may quote names out of files
            from mmpretrain_mlml.printable import printable

            end.code = '\n'.join(map(printable, lines))
        _show_cause_on_request(end)
        raise
    except KeyboardInterrupt:
        sys.stderr.write('interrupted\n')
        raise SystemExit(_INTERRUPTED) from None
    except Exception as error:
        _end_if_users(error)
        raise
    raise SystemExit(code)


def _show_cause_on_request(end: SystemExit) -> None:
    """Print the traceback of the error that ended a tool, if ``MLML_TRACEBACK`` asks for it."""
    if end.__cause__ is None:
        return
    try:
        from mmpretrain_mlml.runtime.user_errors import traceback_wanted
    except ImportError:  # without MMPretrain
        return
    if traceback_wanted():
        traceback.print_exception(end.__cause__)


def _end_if_users(error: Exception) -> None:
    try:
        from mmpretrain_mlml.runtime.user_errors import end_in_one_line
    except ImportError:  # without MMPretrain
        return
    end_in_one_line(error)


def parse_for_mmpretrain(
    name: str, flags: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None
) -> Path:
    """Parse the arguments of this process as one of MMPretrain's tools will.

    Its function ``parse_args`` is taken out of its source, because importing it takes seconds.

    Args:
        name: ``'train.py'`` or ``'test.py'``.
        flags: Options without a value that our tool has beside those of MMPretrain, with their help.
            :func:`take_flag` takes them out before MMPretrain's tool parses the arguments again.
        options: Options with a value, with their help; :func:`take_option` takes them out.

    Returns:
        The tool. The wheel of MMPretrain keeps it under ``.mim``, a checkout beside the package.

    Raises:
        SystemExit: If the arguments are wrong, or ask for help, or there is no such tool.
    """
    spec = find_spec('mmpretrain')
    if spec is None or spec.origin is None:
        raise SystemExit("error: MMPretrain is missing: pip install 'mmpretrain_mlml[openmmlab]'")
    package = Path(spec.origin).parent
    places = [package / '.mim' / 'tools' / name, package.parent / 'tools' / name]
    script = next((place for place in places if place.is_file()), None)
    if script is None:
        raise SystemExit(f'error: this MMPretrain has no tools/{name} at {places}')
    parsing = SimpleNamespace(ArgumentParser=partial(_parser, flags or {}, options or {}))
    names: dict[str, Any] = {'argparse': parsing, 'os': os, 'DictAction': DictAction}
    tree = ast.parse(script.read_text(encoding='utf-8'))
    found = [node for node in tree.body if getattr(node, 'name', '') == 'parse_args']
    exec(compile(ast.Module(found, []), str(script), 'exec'), names)
    if found:  # otherwise the tool parses them later
        names['parse_args']()
    return script


def take_flag(flag: str) -> bool:
    """Remove a flag from the arguments of this process; return whether it was among them.

    A flag may be shortened, as argparse allows; arguments that were parsed hold no ambiguous one.
    """
    rest = [one for one in sys.argv if len(one) < 3 or not flag.startswith(one)]
    found = len(rest) < len(sys.argv)
    sys.argv[:] = rest
    return found


def take_option(option: str) -> str | None:
    """Remove an option from the arguments of this process; return its value, None without.

    It may be shortened, and joined to its value by ``=``, as argparse allows.
    """
    found = None
    rest, arguments = [], iter(sys.argv)
    for one in arguments:
        name, joined, value = one.partition('=')
        if len(name) > 2 and option.startswith(name):
            found = value if joined else next(arguments)
        else:
            rest.append(one)
    sys.argv[:] = rest
    return found


def _parser(
    flags: Mapping[str, str], options: Mapping[str, str], *args: Any, **kwargs: Any
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(*args, **kwargs)
    for flag, text in flags.items():
        parser.add_argument(flag, action='store_true', help=text)
    for option, text in options.items():
        parser.add_argument(option, help=text)
    return parser


def _escape_unknown_characters(stream: TextIO) -> None:
    if isinstance(stream, TextIOWrapper) and codecs.lookup(stream.encoding).name != 'utf-8':
        stream.reconfigure(errors='backslashreplace')


def _reader_has_gone(stream: TextIO) -> bool:
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def _end_quietly() -> NoReturn:
    """Exit without another attempt to write what is left."""
    with Path(os.devnull).open('w') as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())
    raise SystemExit(_CLOSED)
