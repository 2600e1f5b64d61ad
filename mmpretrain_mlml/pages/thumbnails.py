"""Small pictures for a page."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

SIDE = 192
QUALITY = 75
INLINE_BYTES = 8 << 20  # thumbnails above this size are files beside the page

OpenImage = Callable[[int], Image.Image]
FileOf = Callable[[int], 'str | os.PathLike[str] | None']
Progress = Callable[[Iterable[Any]], Iterable[Any]]


def thumbnail(image: Image.Image) -> bytes:
    """Return a JPEG of at most 192 x 192 pixels, turned as the camera was held.

    Transparent parts are white. Pictures that are smaller are kept at their size.

    >>> len(thumbnail(Image.new('RGB', (640, 480)))) > 100
    True
    """
    image.draft(None, (2 * SIDE, 2 * SIDE))  # a large JPEG is decoded at a fraction of its size
    image = ImageOps.exif_transpose(image)
    if image.mode in ('RGBA', 'LA', 'PA') or 'transparency' in image.info:
        image = image.convert('RGBA')
        white = Image.new('RGBA', image.size, 'white')
        image = Image.alpha_composite(white, image)
    image = image.convert('RGB')
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = BytesIO()
    image.save(file, 'JPEG', quality=QUALITY)
    return file.getvalue()


def _jpeg_of(opened: Image.Image, image: int) -> bytes:
    try:
        return thumbnail(opened)
    except (OSError, SyntaxError) as error:  # Pillow decodes here, and does not name the file
        name = getattr(opened, 'filename', '') or f'image {image}'
        raise OSError(f'{name} cannot be decoded: {error}; replace the file') from error


class Thumbnails:
    """Thumbnails of images: kept for a page up to a size, above it files in a folder.

    Args:
        images: Indices of the images; each is opened once, in this order.
        open_image: Function that returns the picture of an image index.
        folder: Folder of the files. It is made when it is needed.
        inline_bytes: Size of all thumbnails above which they are files.
        progress: Function that shows progress over the images.

    Attributes:
        inside: Whether the thumbnails are kept for the page.

    Raises:
        OSError: If an image cannot be opened, or a file not be written.
    """

    def __init__(
        self,
        images: Iterable[int],
        open_image: OpenImage,
        folder: str | os.PathLike[str],
        *,
        inline_bytes: int = INLINE_BYTES,
        progress: Progress = iter,
    ) -> None:
        self.folder = Path(folder)
        self.inside = True
        self._kept: dict[int, bytes] = {}
        room = inline_bytes
        for image in progress(images):
            with open_image(image) as opened:
                jpeg = _jpeg_of(opened, image)
            room -= len(jpeg)
            if self.inside and room < 0:
                self.inside = False
                self.folder.mkdir(exist_ok=True)
                for earlier, kept in self._kept.items():
                    self._write(earlier, kept)
                self._kept.clear()
            if self.inside:
                self._kept[image] = jpeg
            else:
                self._write(image, jpeg)

    def text(self, image: int) -> str:
        """Return a thumbnail in base 64 if they are inside, or else its address beside the page."""
        if self.inside:
            return base64.b64encode(self._kept[image]).decode()
        return f'{self.folder.name}/{image}.jpg'

    def _write(self, image: int, jpeg: bytes) -> None:
        path = self.folder / f'{image}.jpg'
        part = path.with_suffix('.part')
        try:  # whole or not at all; not flushed to the disk one by one, which would take minutes
            part.write_bytes(jpeg)
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OSError(error.errno, f'could not write {path} ({error.strerror})') from error
