"""Names that somebody else chose, of classes and files, made fit to be printed; no mm* package.

A name is data: it can hold control characters, which move a terminal's cursor or change its title, and
it can be as long as it likes. Whatever shows a name passes it through here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

NAME = 40  # characters of a name in a table or a list
_OTHER = 'C'  # general category of control, format and private characters and of surrogates
_MARKUP = re.compile(r'[\\|<\[*`]')  # characters of a name that Markdown would take for markup
_SEPARATORS = {'Zl', 'Zp'}  # of lines and paragraphs
_UNSAFE_IN_JSON = re.compile(
    '[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]'
)


def printable(text: object, width: int | None = None) -> str:
    r"""Return a text with its control characters written as codes, and shortened in its middle.

    Args:
        text: Any text, or an object whose ``str`` is shown.
        width: Largest number of characters of the result, >= 3; None for no limit.

    >>> printable('a\x1b[31mb\n')
    'a\\x1b[31mb\\n'
    >>> printable('golden retriever', 10)
    'golden…ver'
    """
    text = str(text)
    if not text.isprintable():
        text = ''.join(repr(c)[1:-1] if _is_control(c) else c for c in text)
    if width is None or len(text) <= width:
        return text
    end = width // 3
    return f'{text[: width - 1 - end]}…{text[len(text) - end :]}'


def first_few(names: Iterable[object], shown: int = 8, width: int | None = None) -> str:
    """Return the first names of a list, and the number of the others.

    Args:
        names: Names; see :func:`printable`.
        shown: Number of names to show.
        width: Largest number of characters of a name; None for no limit.

    >>> first_few(['ant', 'bee', 'cat', 'dog'], 2)
    'ant, bee and 2 more'
    """
    names = list(names)
    listed = ', '.join(printable(name, width) for name in names[:shown])
    return f'{listed} and {len(names) - shown:,} more' if len(names) > shown else listed


def readable_json(content: Any, indent: int | None = None) -> str:
    """Return JSON with letters of all languages as they are, and control characters as codes.

    Args:
        content: Content for :func:`json.dumps`.
        indent: As for :func:`json.dumps`.
    """
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    return _UNSAFE_IN_JSON.sub(lambda match: f'\\u{ord(match[0]):04x}', text)


def _is_control(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == _OTHER or category in _SEPARATORS


def markdown_text(text: object) -> str:
    r"""Return a name as it stands in Markdown, whatever characters it holds.

    >>> markdown_text('[a|b]')
    '\\[a\\|b]'
    """
    return _MARKUP.sub(r'\\\g<0>', printable(text))
