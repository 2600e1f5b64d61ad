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
    if len(set(names)) == len(names) and are_plain(names):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if expected := name_fault(name):
            yield LabelError(location_of(index), repr(name), expected)
        elif first.setdefault(posixpath.normpath(name), index) != index:
            before = first[posixpath.normpath(name)]
            yield LabelError(
                location_of(index), *repetition(name, names[before], location_of(before))
            )


def name_fault(name: str) -> str:
    """Return what is expected of an image name instead of ``name``; empty if it is well-formed."""
    if not name or not name.isprintable() or name != name.strip():
        return 'a name without control characters or spaces around it'
    parts = name.replace('\\', '/').split('/')
    if '..' in parts or parts[0] == '' or parts[0].endswith(':'):
        return 'a path inside the image folder'
    return ''


def repetition(name: str, before: str, place: str) -> tuple[str, str]:
    """Return what is got and what is expected where a name stands again.

    Args:
        name: The name.
        before: The same name, as it stands at its first place.
        place: Its first place.
    """
    got = f'{name!r} again, first at {place}'
    return got + ('' if before == name else f' as {before!r}'), 'each image once'


def are_plain(names: Sequence[str]) -> bool:
    """Return whether all names are well-formed and have one spelling only; False if in doubt."""
    text = '\n'.join(('', *names, ''))
    plain = text.isascii() and not text.encode().translate(None, delete=_PLAIN)
    return plain and text.count('\n') == len(names) + 1 and not _is_suspicious(text)


def _is_suspicious(text: str) -> bool:
    # one search for each character is much faster than one for each sequence
    characters = {character for character in './\\: \n' if character in text}
    return any(characters.issuperset(sequence) and sequence in text for sequence in _SUSPICIOUS)


# Nearly all lists are plain ASCII without these sequences, which is fast to find out. Only in others
# are the names inspected one by one.
_PLAIN = bytes(range(0x20, 0x7F)) + b'\n'
_SUSPICIOUS = ('..', './', '//', '/\n', '/.\n', ':', '\n/', '\n\\', '\n ', ' \n', '\n\n')
