from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence

from .errors import LabelError


def name_problems(names: Sequence[str], where: Callable[[int], str]) -> Iterator[LabelError]:
    """Finds names that stand twice, cannot be meant, or point outside the image folder.

    Args:
        names: Image names in the order of their source.
        where: Says where the name of a given position stands.
    """
    everything = '\n'.join(('', *names, ''))
    plain = everything.isascii() and not everything.encode().translate(None, delete=_PLAIN)
    distinct = len(set(names)) == len(names)
    if distinct and plain and not _is_suspicious(everything):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if not name or not name.isprintable() or name != name.strip():
            expected = 'a name without control characters or blanks around it'
            yield LabelError(where(index), repr(name), expected)
            continue
        parts = name.replace('\\', '/').split('/')
        if '..' in parts or parts[0] == '' or parts[0].endswith(':'):
            yield LabelError(where(index), repr(name), 'a path inside the image folder')
        elif first.setdefault(posixpath.normpath(name), index) != index:
            before = first[posixpath.normpath(name)]
            got = f'{name!r} again, first at {where(before)}'
            got += '' if names[before] == name else f' as {names[before]!r}'
            yield LabelError(where(index), got, 'each image once')


def _is_suspicious(text: str) -> bool:
    characters = {character for character in './\\: \n' if character in text}  # much faster to see
    return any(characters.issuperset(signs) and signs in text for signs in _SUSPICIOUS)


# Nearly all lists are plain ASCII and hold none of these signs, which is fast to see; else each name
# is looked at closely.
_PLAIN = bytes(range(0x20, 0x7F)) + b'\n'
_SUSPICIOUS = ('..', './', '//', '/\n', '/.\n', ':', '\n/', '\n\\', '\n ', ' \n', '\n\n')
