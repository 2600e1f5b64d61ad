"""Deprecated names: one way to warn of them."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any


def warn_renamed(old: str, new: str) -> None:
    """Warn the caller of a deprecated name, two frames up, which name replaces it.

    Args:
        old: Deprecated name, such as ``'MultiLabelLoss.unmarked'``.
        new: Name to use instead.
    """
    warnings.warn(f'{old} is deprecated; use {new}', DeprecationWarning, stacklevel=3)


def renamed_in_module(module: str, names: Mapping[str, tuple[str, Any]]) -> Callable[[str], Any]:
    """Return a module ``__getattr__`` that serves deprecated names and warns of them.

    Args:
        module: ``__name__`` of the module.
        names: For each deprecated name, the new name and the object to serve.
    """

    def __getattr__(name: str) -> Any:
        if name not in names:
            raise AttributeError(f'module {module!r} has no attribute {name!r}')
        new, value = names[name]
        warn_renamed(f'{module}.{name}', f'{module}.{new}')
        return value

    return __getattr__
