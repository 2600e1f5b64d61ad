"""Options of a table as a command line gives them: ``separator=,`` or ``columns.image=my photo``."""

from __future__ import annotations

import ast
import dataclasses
import difflib
from collections.abc import Callable, Iterable
from typing import Any

from .options import TableOptions

ESCAPES = {r'\t': '\t', r'\n': '\n'}
FLAGS = {'true': True, 'false': False}


def parse_table_options(texts: Iterable[str], others: Iterable[str] = ()) -> dict[str, Any]:
    r"""Return the options of a table that some texts give, each ``KEY=VALUE``.

    Text is taken as it stands, with spaces and commas. A list is written as ``P,Q`` or ``[P, Q]``, and
    an entry of ``columns`` or ``values`` as ``columns.image=NAME``. ``\t`` and ``\n`` are a tab and a
    line end, ``None`` is the default.

    Args:
        texts: The options; later ones replace earlier ones.
        others: Names of further options; those that no table has are text.

    Returns:
        Fields of :class:`TableOptions`, ``cache``, and the others.

    Raises:
        ValueError: If a text is no ``KEY=VALUE``, the key is unknown, or the value cannot be read.

    >>> parse_table_options(['separator=,', 'columns.image=my photo', 'values.present=P,Q'])
    {'separator': ',', 'columns': {'image': 'my photo'}, 'values': {'present': ['P', 'Q']}}
    """
    options: dict[str, Any] = {}
    readers = {**dict.fromkeys(others, _text), **READERS}
    for text in texts:
        name, equals, value = text.partition('=')
        if not equals:
            raise ValueError(f'expected KEY=VALUE, got {text!r}')
        key, dot, part = name.partition('.')
        if key not in readers:
            near = difflib.get_close_matches(key, readers, 1)
            hint = f'did you mean {near[0]}?' if near else f'expected one of {", ".join(readers)}'
            raise ValueError(f'there is no table option {key!r}; {hint}')
        read = readers[key]
        if key not in PARTS:
            if dot:
                raise ValueError(f'{name}: {key} has no parts; expected {key}=VALUE')
            options[key] = None if value == 'None' else _read(name, value, read)
        elif dot:
            options.setdefault(key, {})[part] = _read(name, value, read)
        else:
            options[key] = _read(name, value, _mapping)
    return options


def _read(name: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except (ValueError, SyntaxError) as error:
        expected = EXPECTED.get(read, 'text')
        raise ValueError(f'{name}={value}: expected {expected}') from error


def _text(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in '\'"':
        value = value[1:-1]
    return ESCAPES.get(value, value)


def _list(value: str) -> list[str]:
    value = value.strip()
    if value[:1] + value[-1:] in ('[]', '()'):
        value = value[1:-1]
    return [_text(part.strip()) for part in value.split(',')] if value else []


def _flag(value: str) -> bool:
    if value.lower() not in FLAGS:
        raise ValueError
    return FLAGS[value.lower()]


def _mapping(value: str) -> dict[str, Any]:
    found = ast.literal_eval(value)
    if not isinstance(found, dict):
        raise ValueError
    return found


# How the text of each option is read; the entries of `columns` and `values` each by themselves.
_OTHERS: dict[str, Callable[[str], Any]] = {
    'values': _list,
    'extras': _list,
    'min_confidence': float,
}
READERS: dict[str, Callable[[str], Any]] = {
    **{field.name: _OTHERS.get(field.name, _text) for field in dataclasses.fields(TableOptions)},
    'cache': _flag,
}
PARTS = ('columns', 'values')
EXPECTED: dict[Callable[[str], Any], str] = {
    float: 'a number',
    _flag: 'True or False',
    _mapping: "NAME.KEY=VALUE, or a dict such as {'KEY': 'VALUE'}",
}
