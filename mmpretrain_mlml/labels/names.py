"""Problems of image names."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence

from .errors import LabelError


def name_problems(names: Sequence[str], location_of: Callable[[int], str]) -> Iterator[LabelError]:
    """Yield a problem for each name that is repeated, malformed or outside the image folder.

    Args:
        names: Image names in the order of their source.
        location_of: Returns where the name at a position stands.
    """
    text = '\n'.join(('', *names, ''))
    plain = text.isascii() and not text.encode().translate(None, delete=_PLAIN)
    distinct = len(set(names)) == len(names)
    if distinct and plain and not _is_suspicious(text):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if not name or not name.isprintable() or name != name.strip():
            expected = 'a name without control characters or spaces around it'
            yield LabelError(location_of(index), repr(name), expected)
            continue
        parts = name.replace('\\', '/').split('/')
        if '..' in parts or parts[0] == '' or parts[0].endswith(':'):
            yield LabelError(location_of(index), repr(name), 'a path inside the image folder')
        elif first.setdefault(posixpath.normpath(name), index) != index:
            before = first[posixpath.normpath(name)]
            got = f'{name!r} again, first at {location_of(before)}'
            got += '' if names[before] == name else f' as {names[before]!r}'
            yield LabelError(location_of(index), got, 'each image once')


def _is_suspicious(text: str) -> bool:
    # one search for each character is much faster than one for each sequence
    characters = {character for character in './\\: \n' if character in text}
    return any(characters.issuperset(sequence) and sequence in text for sequence in _SUSPICIOUS)


# Nearly all lists are plain ASCII without these sequences, which is fast to find out. Only in others
# are the names inspected one by one.
_PLAIN = bytes(range(0x20, 0x7F)) + b'\n'
_SUSPICIOUS = ('..', './', '//', '/\n', '/.\n', ':', '\n/', '\n\\', '\n ', ' \n', '\n\n')
