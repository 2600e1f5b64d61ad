from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def after_import(name: str, action: Callable[[], None]) -> None:
    """Act once a module has been imported: now, if it has been, or as soon as anybody imports it.

    A repair of a module that takes long to import need not import it.

    Args:
        name: Full name of the module.
        action: Called without arguments, once.
    """
    if name in sys.modules:
        action()
        return
    _FINDER.actions.setdefault(name, []).append(action)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


class _Finder(MetaPathFinder):
    """Finds modules as the other finders do, and acts after they have run."""

    def __init__(self) -> None:
        self.actions: dict[str, list[Callable[[], None]]] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in self.actions:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._act_after(name, spec.loader)
        return spec

    def _act_after(self, name: str, loader: Any) -> None:
        run = loader.exec_module

        @functools.wraps(run)
        def run_and_act(module: ModuleType) -> None:
            run(module)
            actions = self.actions.pop(name, [])
            if not self.actions and self in sys.meta_path:
                sys.meta_path.remove(self)
            for action in actions:
                action()

        loader.exec_module = run_and_act


_FINDER = _Finder()
