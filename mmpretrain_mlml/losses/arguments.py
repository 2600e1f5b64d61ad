"""Errors about the arguments with which a loss is built."""

from __future__ import annotations

import difflib
import inspect

REPAIRED = 'ignore', 'negative', 'unobserved'  # ``UNKNOWN`` of a loss that repairs missing labels


def check_unknown(loss: str, unknown: str, known: tuple[str, ...]) -> str:
    """Return ``unknown`` unchanged; raise ValueError if a loss does not take it.

    Args:
        loss: Name of the loss, for the message.
        unknown: How entries with target -1 are treated.
        known: What the loss takes.
    """
    if unknown in known:
        return unknown
    reason = f': {loss} repairs no missing labels' if unknown == 'unobserved' else ''
    raise ValueError(f'unknown={unknown!r} is none of {known}{reason}')


def unexpected(loss: type, base: type, argument: str) -> TypeError:
    """Return the error for an argument that a loss does not have; names the nearest one.

    Args:
        loss: Class of the loss.
        base: Class from which on its constructors are searched for arguments.
        argument: Name of the argument.
    """
    known = [
        name
        for cls in loss.__mro__
        if issubclass(cls, base) and '__init__' in vars(cls)
        for name, parameter in inspect.signature(vars(cls)['__init__']).parameters.items()
        if name != 'self' and parameter.kind is not parameter.VAR_KEYWORD
    ]
    near = difflib.get_close_matches(argument, known, 1)
    hint = f'; did you mean {near[0]!r}?' if near else '.'
    listed = ', '.join(dict.fromkeys(known))
    return TypeError(f'{loss.__name__} has no argument {argument!r}{hint} It takes {listed}')
