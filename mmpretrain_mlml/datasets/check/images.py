"""Problems of one image file, as training would meet them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from PIL import Image

from ...transforms.load_whole_image import ImageError, LoadWholeImage
from .worker import read_stderr

LARGE_SIDE, LARGE_PIXELS = 10_000, 50_000_000
EXIF_ORIENTATION, TIFF_BITS = 0x0112, 258


class Finding(NamedTuple):
    """Fields of a :class:`Problem` without its place."""

    severity: str
    kind: str
    got: str
    expected: str


class ImageReport(NamedTuple):
    """Findings in a file, and a digest of its bytes if it could be read."""

    findings: list[Finding]
    digest: bytes | None = None


def check_image(job: tuple[LoadWholeImage, str]) -> ImageReport:
    """Read and decode an image as training does; report also what training would not notice.

    Args:
        job: Loader and path of the image.
    """
    load, path = job
    # for a name that no file can have, os.path returns False; pathlib raises
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        return ImageReport([Finding('error', 'image', 'no plain file', 'an image file')])
    digest = None
    read_stderr()  # discards messages about earlier images
    try:
        content = load.read(path)
        digest = blake2b(content, digest_size=16).digest()
        load.decode(content, path)
    except ImageError as error:
        return ImageReport([Finding('error', 'image', error.got, error.expected)], digest)
    except Exception as error:  # a name that no file can have, a file backend that fails
        got = f'{type(error).__name__}: {error}'
        return ImageReport([Finding('error', 'image', got, 'an image')], digest)
    return ImageReport([*_decoder_findings(read_stderr()), *_conversion_findings(content)], digest)


def _decoder_findings(messages: str) -> Iterator[Finding]:
    """Yield findings in the messages of a decoder that raised no error."""
    if 'premature end' in messages.lower():
        got = f'damaged data ({messages.splitlines()[0]})'
        yield Finding('error', 'image', got, 'a whole image; training would see the rest in grey')
    elif messages:
        got = messages.splitlines()[0][:200]
        yield Finding('warning', 'decoder', got, 'no message; look at the image')


def _conversion_findings(content: bytes) -> Iterator[Finding]:
    """Yield what loading changes in an image, and unusual sizes."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            mode, (width, height) = image.mode, image.size
            bits = _bits(image, content)
            orientation = image.getexif().get(EXIF_ORIENTATION, 1)
            count = 1 if image.format == 'MPO' else getattr(image, 'n_frames', 1)
    except Exception:  # readable for OpenCV but not for Pillow, so nothing is known about it
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
    if count > 1:
        yield Finding('warning', 'several', f'{count} pictures', 'one; the first is used')
    if max(width, height) > LARGE_SIDE or width * height > LARGE_PIXELS:
        expected = f'sides up to {LARGE_SIDE} and {LARGE_PIXELS // 10**6} megapixels; decoded whole'
        yield Finding('warning', 'large', f'{width} x {height} pixels', expected)


def _bits(image: Image.Image, content: bytes) -> int:
    """Return the bits of a channel in the file; Pillow's modes do not always tell."""
    if image.format == 'PNG':
        return content[24]
    if image.format == 'TIFF':
        return max(image.tag_v2.get(TIFF_BITS, (1,)))  # type: ignore[attr-defined]
    return 8
