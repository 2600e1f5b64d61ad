"""Stand-ins for classes of Python's standard library and MMEngine that hold plain data.

A stand-in checks its arguments and builds the real object, so that nothing but this call can be done
with the class. torch fills only real lists and dicts, so containers of other types are read as these,
and become themselves once they are full.
"""

from __future__ import annotations

import datetime
import pathlib
import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import numpy as np
from mmengine.config import ConfigDict


class StandIn:
    """A class as files name it: callable with checked arguments, and replaced by ``value`` at the end.

    Args:
        value: Class that it stands for.
        accepted: Types of each argument that it accepts; None if it cannot be called.
        build: Function called with the arguments in place of the class.
    """

    def __init__(
        self,
        value: type,
        accepted: list[tuple[type, ...]] | None = None,
        build: Callable | None = None,
    ) -> None:
        self.value, self._accepted, self._build = value, accepted, build or value

    def __call__(self, *args: Any) -> Any:
        accepted = self._accepted
        if accepted is None or len(args) > len(accepted) or not all(map(_is_of, args, accepted)):
            raise pickle.UnpicklingError(f'Unsupported arguments of {self.value.__name__}')
        return self._build(*args)


def _is_of(value: Any, types: tuple[type, ...]) -> bool:
    return type(value) in types


class _Path(StandIn):
    def __call__(self, *parts: Any) -> Any:
        if not all(type(part) is str for part in parts):
            raise pickle.UnpicklingError(f'Unsupported arguments of {self.value.__name__}')
        try:
            return self.value(*parts)
        except NotImplementedError:  # a path of another system
            raise pickle.UnpicklingError(
                f'Unsupported {self.value.__name__} on this system'
            ) from None


class Containers:
    """The containers of one file that are read as lists and dicts."""

    def __init__(self) -> None:
        self._finish: dict[
            int, tuple[Any, Callable]
        ] = {}  # id: the object, kept alive, and its end
        number = (int, type(None))
        self.names: list[tuple[Any, str]] = [
            (StandIn(deque, [(tuple, list), number], self._deque), 'collections.deque'),
            (StandIn(defaultdict, [_FACTORIES], self._defaultdict), 'collections.defaultdict'),
            (StandIn(ConfigDict, [(dict,)], self._config), 'mmengine.config.config.ConfigDict'),
        ]

    def finish(self, content: Any) -> Any:
        """Return what a container that was read stands for; most stand for themselves."""
        known = self._finish.get(id(content))
        return known[1](content) if known else content

    def _deque(self, items: Any = (), maxlen: int | None = None) -> list:
        return self._later(list(items), lambda content: deque(content, maxlen))

    def _defaultdict(self, factory: Any = None) -> dict:
        if isinstance(factory, type) and factory not in (set, OrderedDict, Counter, complex):
            raise pickle.UnpicklingError(f'Unsupported factory {factory!r} of a defaultdict')
        new = factory.value if isinstance(factory, StandIn) else factory
        return self._later({}, lambda content: defaultdict(new, content))

    def _config(self, content: Any = None) -> dict:
        return self._later(dict(content or {}), ConfigDict)

    def _later(self, content: Any, finish: Callable) -> Any:
        self._finish[id(content)] = content, finish
        return content


_FACTORIES = (StandIn, type, type(None))
_CLASSES = [bool, int, float, str, tuple, list, dict, np.bool_, np.str_, np.bytes_]
_CLASSES += [getattr(np, f'{kind}{bits}') for kind in ('int', 'uint') for bits in (8, 16, 32, 64)]
_CLASSES += [np.float16, np.float32, np.float64, np.complex64, np.complex128]
_INDEX = (int, type(None))
_BYTES, _ZONE = (bytes,), (datetime.timezone, type(None))

NAMES: list[tuple[Any, str]] = [
    (StandIn(bytes, []), 'builtins.bytes'),  # empty ones; others are encoded text
    (StandIn(frozenset, [(list,)]), 'builtins.frozenset'),
    (StandIn(range, [(int,)] * 3), 'builtins.range'),
    (StandIn(slice, [_INDEX] * 3), 'builtins.slice'),
    (StandIn(datetime.date, [_BYTES]), 'datetime.date'),
    (StandIn(datetime.time, [_BYTES, _ZONE]), 'datetime.time'),
    (StandIn(datetime.datetime, [_BYTES, _ZONE]), 'datetime.datetime'),
    (StandIn(datetime.timedelta, [(int,)] * 3), 'datetime.timedelta'),
    (StandIn(datetime.timezone, [(datetime.timedelta,), (str,)]), 'datetime.timezone'),
    *((StandIn(cls), f'{cls.__module__}.{cls.__name__}') for cls in _CLASSES),
    (StandIn(np.bool_), 'numpy.bool_'),  # its name in numpy 1
    *(
        (_Path(getattr(pathlib, name)), f'{module}.{name}')
        for module in ('pathlib', 'pathlib._local')  # the latter of Python 3.13
        for name in ('PosixPath', 'WindowsPath', 'PurePosixPath', 'PureWindowsPath')
    ),
]
