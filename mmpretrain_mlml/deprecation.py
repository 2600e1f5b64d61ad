"""Deprecated names: they keep working, and warn of the name that replaced them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any


def warn_renamed(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn that a name is deprecated, and which name replaces it.

    Args:
        old: Deprecated name, such as ``'MultiLabelLoss.unmarked'``.
        new: Name to use instead.
        stacklevel: Frames from here to the code that has to change, as in :func:`warnings.warn`; by
            default the caller of the caller.
    """
    message = f'{old} is deprecated; use {new}'
    warnings.warn(message, DeprecationWarning, stacklevel=stacklevel)


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


class Renamed:
    """A member under its old name, for use as a class attribute: ``old = Renamed('new')``.

    Reading the old name warns and returns the member of the new name. See :func:`adopt_overrides` for
    subclasses that override the old name.

    Args:
        new: Name of the member that replaced it.
    """

    def __init__(self, new: str) -> None:
        self.new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self.old = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        warn_renamed(f'{owner.__name__}.{self.old}', self.new)
        for base in owner.__mro__:
            member = vars(base).get(self.new)
            if member is not None and member is not vars(base).get(self.old):  # not an adopted one
                return member.__get__(instance, owner) if hasattr(member, '__get__') else member
        raise AttributeError(f'{owner.__name__!r} object has no attribute {self.new!r}')


def adopt_overrides(cls: type) -> None:
    """Give a class the new name of a member that it overrides under the old one, with a warning.

    To be called from ``__init_subclass__`` of the class that holds the :class:`Renamed` members.
    """
    for base in cls.__mro__[1:]:
        for alias in [member for member in vars(base).values() if isinstance(member, Renamed)]:
            if alias.old in vars(cls) and alias.new not in vars(cls):
                warn_renamed(f'{cls.__name__}.{alias.old}', alias.new, stacklevel=4)
                setattr(cls, alias.new, vars(cls)[alias.old])
