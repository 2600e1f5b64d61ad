"""Small pictures for the review page."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageOps

SIDE = 192
QUALITY = 75


def thumbnail(image: Image.Image) -> bytes:
    """Return a JPEG of at most 192 x 192 pixels, turned as the camera was held.

    Transparent parts are white. Pictures that are smaller are kept at their size.

    >>> len(thumbnail(Image.new('RGB', (640, 480)))) > 100
    True
    """
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
