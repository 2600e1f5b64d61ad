"""What is wrong or odd about one image file, as training would meet it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from PIL import Image

from ...transforms import ImageError, LoadWholeImage
from .worker import heard

LARGE_SIDE, LARGE_PIXELS = 10_000, 50_000_000
EXIF_ORIENTATION, TIFF_BITS = 0x0112, 258


class Finding(NamedTuple):
    """As in :class:`Problem`, without the place."""

    severity: str
    kind: str
    got: str
    expected: str


class ImageReport(NamedTuple):
    """What is to be said about a file, and a fingerprint of its bytes where it could be read."""

    findings: list[Finding]
    digest: bytes | None = None


def examine_image(job: tuple[LoadWholeImage, str]) -> ImageReport:
    """Reads and decodes an image as training does, and looks at what training does not see.

    Args:
        job: How to load it, and its path.
    """
    load, path = job
    # os.path says no of a name that no file can have, where pathlib raises
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        return ImageReport([Finding('error', 'image', 'no plain file', 'an image file')])
    digest = None
    heard()  # what was said of the one before
    try:
        content = load.read(path)
        digest = blake2b(content, digest_size=16).digest()
        load.decode(content, path)
    except ImageError as error:
        return ImageReport([Finding('error', 'image', error.got, error.expected)], digest)
    except Exception as error:  # a name that no file can have, a file backend that fails
        got = f'{type(error).__name__}: {error}'
        return ImageReport([Finding('error', 'image', got, 'an image')], digest)
    return ImageReport([*_complaints(heard()), *_oddities(content)], digest)


def _complaints(said: str) -> Iterator[Finding]:
    """What the decoder wrote while it decoded something after all."""
    if 'premature end' in said.lower():
        got = f'damaged data ({said.splitlines()[0]})'
        yield Finding('error', 'image', got, 'a whole image; training would see the rest in grey')
    elif said:
        yield Finding(
            'warning', 'decoder', said.splitlines()[0][:200], 'silence; look at the image'
        )


def _oddities(content: bytes) -> Iterator[Finding]:
    """What becomes something else on its way into training."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            mode, (width, height) = image.mode, image.size
            bits = _bits(image, content)
            orientation = image.getexif().get(EXIF_ORIENTATION, 1)
            pictures = 1 if image.format == 'MPO' else getattr(image, 'n_frames', 1)
    except Exception:  # OpenCV can read it, Pillow cannot: there is nothing to tell
        return
    if mode == 'CMYK':
        yield Finding('warning', 'cmyk', 'CMYK', 'RGB; converted without a colour profile')
    if mode in ('1', 'L', 'LA', 'F') or mode.startswith('I'):
        yield Finding('warning', 'grey', 'a grey image', 'colour; three channels are made of one')
    if bits > 8:
        yield Finding('warning', '16-bit', f'{bits} bits a channel', '8; the upper 8 are kept')
    if mode in ('RGBA', 'LA', 'PA'):
        yield Finding('warning', 'transparent', 'an alpha channel', 'none; it is dropped')
    if orientation in range(2, 9):
        got = f'Exif orientation {orientation}'
        yield Finding('warning', 'rotated', got, 'upright pixels; turned as the file says')
    if pictures > 1:
        yield Finding('warning', 'several', f'{pictures} pictures', 'one; the first is used')
    if max(width, height) > LARGE_SIDE or width * height > LARGE_PIXELS:
        expected = f'sides up to {LARGE_SIDE} and {LARGE_PIXELS // 10**6} megapixels; decoded whole'
        yield Finding('warning', 'large', f'{width} x {height} pixels', expected)


def _bits(image: Image.Image, content: bytes) -> int:
    """Bits a channel in the file; Pillow's modes do not always say."""
    if image.format == 'PNG':
        return content[24]
    if image.format == 'TIFF':
        return max(image.tag_v2.get(TIFF_BITS, (1,)))
    return 8
