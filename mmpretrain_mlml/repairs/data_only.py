"""Reading of files as data: what may be built from a file, and what comes out.

torch's ``weights_only`` unpickler builds only objects that are allowed by name. While a file is read,
the names of plain data lead to stand-ins that accept plain data and reject everything else. They are
allowed for that time alone, so that a user's own ``torch.serialization.add_safe_globals`` keeps its
meaning everywhere else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np
from torch.serialization import add_safe_globals, clear_safe_globals, get_safe_globals

from . import numpy_data, python_data, training_state
from .numpy_data import Array, DType, real_dtype
from .python_data import Containers, StandIn

_LOCK = threading.RLock()  # torch keeps one set of names for the process


class DataReader:
    """Turns what was read by means of the stand-ins into the real objects."""

    def __init__(self) -> None:
        self._containers = Containers()
        self._done: dict[int, tuple[Any, Any]] = {}  # id: what was read, kept alive, and the result

    @property
    def names(self) -> list[tuple[Any, str]]:
        """The stand-ins, with the names that they have in files."""
        fixed = numpy_data.NAMES + python_data.NAMES + training_state.NAMES
        return fixed + self._containers.names

    def real(self, tree: Any) -> Any:
        """Return a tree as it was written, with arrays, dtypes and containers of their own types.

        Lists, dicts and objects keep their identity; what is shared, or refers to itself, stays so.
        """
        if type(tree) in _LEAVES:
            return tree
        if isinstance(tree, DType):
            return real_dtype(tree)
        if isinstance(tree, StandIn):
            return tree.value
        if isinstance(tree, type):
            return _CLASSES.get(tree, tree)
        if id(tree) not in self._done:
            self._done[id(tree)] = tree, tree  # in case it refers to itself
            self._done[id(tree)] = tree, self._made_real(tree)
        return self._done[id(tree)][1]

    def _made_real(self, tree: Any) -> Any:
        if isinstance(tree, Array):
            return tree.view(np.ndarray)
        if type(tree) in (tuple, frozenset):
            items = [self.real(item) for item in tree]
            return type(tree)(items) if _differ(items, tree) else tree
        if isinstance(tree, dict):
            keys = [self.real(key) for key in tree]
            values = [self.real(value) for value in tree.values()]
            if _differ(keys, tree):
                tree.clear()
            for key, value in zip(keys, values, strict=True):
                tree[key] = value
        elif isinstance(tree, list):
            tree[:] = [self.real(item) for item in tree]
        elif isinstance(tree, set):
            items = [self.real(item) for item in tree]
            if _differ(items, tree):
                tree.clear()
                tree.update(items)
        if hasattr(tree, '__dict__') and not isinstance(tree, FunctionType):
            self._made_real(vars(tree))
        return self._containers.finish(tree)


def _differ(items: list, others: Iterable) -> bool:
    return any(item is not other for item, other in zip(items, others, strict=True))


_LEAVES = (bool, int, float, str, bytes, type(None))
_CLASSES: dict[type, type] = {Array: np.ndarray, DType: np.dtype, **training_state.CLASSES}


@contextmanager
def reading_data() -> Iterator[DataReader]:
    """Let ``torch.load(weights_only=True)`` read plain data and MMEngine's training state.

    Names that a user has allowed stay allowed, but for those that have a stand-in: the real
    ``getattr`` or ``numpy.ndarray`` would let a file run code or corrupt memory.

    Yields:
        The reader whose :meth:`DataReader.real` has to be called on what was loaded.
    """
    reader = DataReader()
    ours = reader.names
    taken = {name for _, name in ours}
    with _LOCK:
        before = get_safe_globals()
        hidden = [entry for entry in before if _name(entry) in taken]
        _allow([entry for entry in before if _name(entry) not in taken] + ours)
        try:
            yield reader
        finally:
            own = {id(stand_in) for stand_in, _ in ours}
            added = [
                e for e in get_safe_globals() if not (isinstance(e, tuple) and id(e[0]) in own)
            ]
            _allow(added + hidden)


def _allow(entries: list) -> None:
    clear_safe_globals()
    add_safe_globals(entries)


def _name(entry: Any) -> str:
    if isinstance(entry, tuple):
        return entry[1]
    return f'{entry.__module__}.{entry.__qualname__}'
