"""The arguments that a class or function takes, along ``**kwargs`` to its bases."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from torch import nn

_SUPER = re.compile(r'super\((\w+, self)?\)\.__init__')
# Whose **kwargs another function takes, later in a run.
_PASSED_ON: dict[type, Callable[..., Any]] = {CheckpointHook: Runner.save_checkpoint}
_NAMED = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY


@cache
def arguments_of(part: Callable[..., Any]) -> frozenset[str] | None:
    """Return the names of the keyword arguments of a class or function.

    Where ``__init__`` takes ``**kwargs`` and does nothing with them but read some by name and pass the
    rest to ``super().__init__``, the arguments of the next class follow.

    Returns:
        The names, or None if any others may be accepted.
    """
    if not inspect.isclass(part):
        return _of_function(part)
    if '__new__' in {name for cls in part.__mro__[:-1] for name in vars(cls)}:
        return None
    return _of_classes(part.__mro__)


def _of_function(function: Callable[..., Any]) -> frozenset[str] | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of C
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return frozenset(parameter.name for parameter in parameters if parameter.kind in _NAMED)


def _of_classes(mro: Sequence[type]) -> frozenset[str] | None:
    """Return the arguments of the first class of a method resolution order that has an __init__."""
    for index, cls in enumerate(mro):
        if cls in (object, nn.Module):  # the latter has **kwargs only to refuse them
            return frozenset()
        if '__init__' in vars(cls):
            return _of_init(vars(cls)['__init__'], mro[index + 1 :], _PASSED_ON.get(cls))
    return frozenset()


def _of_init(
    init: Callable[..., Any], bases: Sequence[type], passed_on: Callable[..., Any] | None
) -> frozenset[str] | None:
    try:
        parameters = list(inspect.signature(init).parameters.values())[1:]
    except (TypeError, ValueError):
        return None
    own = {parameter.name for parameter in parameters if parameter.kind in _NAMED}
    rest = [parameter.name for parameter in parameters if parameter.kind is parameter.VAR_KEYWORD]
    if not rest:
        return frozenset(own)
    if passed_on is not None:
        return frozenset(own | (_of_function(passed_on) or set()))
    read = _read_by_name(init, rest[0])
    inherited = None if read is None else _of_classes(bases)
    return None if inherited is None or read is None else frozenset(own | read | inherited)


def _read_by_name(init: Callable[..., Any], kwargs: str) -> set[str] | None:
    """Return the names that an ``__init__`` reads from its ``**kwargs`` itself.

    None if it does anything else with them than that and passing them to ``super().__init__``.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError, SyntaxError):  # without a source, or generated
        return None
    read: set[str] = set()
    explained = forwarded = 0
    for node in ast.walk(tree):
        name = _constant_read(node, kwargs)
        if name is not None:
            read.add(name)
            explained += 1
        elif isinstance(node, ast.Call) and _SUPER.fullmatch(ast.unparse(node.func)):
            given = [word for word in node.keywords if word.arg is None]
            forwarded += sum(ast.unparse(word.value) == kwargs for word in given)
    uses = sum(isinstance(node, ast.Name) and node.id == kwargs for node in ast.walk(tree))
    return read if forwarded == 1 and uses == explained + 1 else None


def _constant_read(node: ast.AST, kwargs: str) -> str | None:
    """Return X of ``kwargs.pop('X')``, ``.get('X')``, ``.setdefault('X')``, ``kwargs['X']`` or in."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr='pop' | 'get' | 'setdefault'),
            args=[ast.Constant(value=str(key)), *_],
        ) if name == kwargs:
            return key
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if (
            name == kwargs
        ):
            return key
        case ast.Compare(left=ast.Constant(value=str(key)), comparators=[ast.Name(id=name)]) if (
            name == kwargs
        ):
            return key
    return None
