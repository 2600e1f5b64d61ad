"""What the segments of a JPEG file say before anything is decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SEGMENT = re.compile(rb'\xff[^\x00\x01\xd0-\xd9\xff]', re.DOTALL)
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # segments that state the size


def is_truncated_jpeg(content: bytes) -> bool:
    """Return whether these are the bytes of a JPEG file without its end.

    Skips from segment to segment to the compressed data, whose only end marker is the file's own. (A
    preview in an earlier segment has one, too.)

    >>> is_truncated_jpeg(bytes.fromhex('ffd8 ffe00002 ffda0002 1234ff0056 ffd9'))
    False
    >>> is_truncated_jpeg(bytes.fromhex('ffd8 ffe00004ffd9 ffda0002 1234'))
    True
    """
    if not content.startswith(b'\xff\xd8\xff'):
        return False
    for marker, position in _segments(content):
        if marker == 0xDA:
            return content.rfind(b'\xff\xd9', position) < 0  # from the end, where it usually is
    return True


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Return height and width that a JPEG file states, before any rotation; None for other files.

    >>> jpeg_size(bytes.fromhex('ffd8 ffe00002 ffc0 0011 08 01e0 0280 03'))
    (480, 640)
    """
    if not content.startswith(b'\xff\xd8\xff'):
        return None
    for marker, position in _segments(content):
        if marker in _FRAMES and len(content) >= position + 7:
            height = int.from_bytes(content[position + 3 : position + 5], 'big')
            return height, int.from_bytes(content[position + 5 : position + 7], 'big')
    return None


def reduction(size: tuple[int, int], least: int) -> int:
    """Return the largest of 1, 2, 4 and 8 whose quotients of both sides are at least `least`.

    >>> reduction((480, 640), 224), reduction((480, 640), 256)
    (2, 1)
    """
    return max(factor for factor in (1, 2, 4, 8) if factor == 1 or min(size) >= factor * least)


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield the kind of each segment of a JPEG file, and where its length stands."""
    position = 2
    while marker := _SEGMENT.search(content, position):
        start = marker.end()
        yield marker[0][1], start
        position = start + int.from_bytes(content[start : start + 2], 'big')
