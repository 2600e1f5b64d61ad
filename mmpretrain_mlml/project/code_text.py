"""Values as Python code that a person reads."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 100  # columns


@dataclass(frozen=True)
class Variable:
    """A variable of the config, which stands in the place of its value."""

    name: str


def as_code(value: Any, indent: int = 0, used: int = 0) -> str:
    """Return an expression for a value: ``dict(type='X', width=3)``, on several lines if it is long.

    Args:
        value: Dicts, lists, tuples, variables and plain values, nested.
        indent: Columns of the statement that the expression belongs to.
        used: Columns that stand before the expression in its line, beside ``indent``.

    >>> print(as_code({'type': 'ResNet', 'depth': 50, 'out_indices': (3,)}))
    dict(type='ResNet', depth=50, out_indices=(3,))
    """
    if isinstance(value, Variable):
        return value.name
    if isinstance(value, str):
        return text_code(value)
    if not isinstance(value, (Mapping, list, tuple)) or not value:
        return repr(value)
    start, parts, end = _pieces(value)
    flat = [before + as_code(part) for before, part in parts]
    comma = ',' if isinstance(value, tuple) and len(value) == 1 else ''
    line = start + ', '.join(flat) + comma + end
    if indent + used + len(line) <= WIDTH and '\n' not in line:
        return line
    inner = indent + 4
    lines = [
        ' ' * inner + before + as_code(part, inner, len(before) + 1) + ',' for before, part in parts
    ]
    return '\n'.join([start, *lines, ' ' * indent + end])


def text_code(text: str) -> str:
    r"""Return a string literal that MMEngine does not take for one of its ``{{ }}`` variables.

    >>> text_code('{{ x')
    "'{\\x7b x'"
    """
    return repr(text).replace('{{', '{\\x7b')


def _pieces(value: Any) -> tuple[str, list[tuple[str, Any]], str]:
    if not isinstance(value, Mapping):
        start, end = ('[', ']') if isinstance(value, list) else ('(', ')')
        return start, [('', part) for part in value], end
    if all(isinstance(k, str) and k.isidentifier() and not keyword.iskeyword(k) for k in value):
        return 'dict(', [(f'{key}=', part) for key, part in value.items()], ')'
    return '{', [(f'{as_code(key)}: ', part) for key, part in value.items()], '}'
