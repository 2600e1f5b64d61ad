"""Image files as they come from strangers, made with Pillow: bytes by what is odd about them."""

import io

import cv2
import numpy as np
from PIL import Image


def encode(image, kind='JPEG', **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def picture(width=96, height=64):
    """A smooth colour picture."""
    coarse = np.random.RandomState(0).randint(0, 256, (4, 6, 3), np.uint8)
    return Image.fromarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def with_preview():
    """A JPEG file whose Exif segment holds a whole smaller JPEG file, end marker and all."""
    preview = encode(picture(24, 16))
    segment = b'Exif\x00\x00' + preview
    header = b'\xff\xe1' + (len(segment) + 2).to_bytes(2, 'big') + segment
    plain = encode(picture())
    return plain[:2] + header + plain[2:]


def rotated(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(picture(), exif=exif)


SIXTEEN = np.random.RandomState(1).randint(0, 65536, (64, 96), np.uint16)

WHOLE = {
    'JPEG': encode(picture()),
    'progressive': encode(picture(), progressive=True),
    'restart markers': encode(picture(), restart_marker_blocks=1),
    'preview': with_preview(),
    'PNG': encode(picture(), 'PNG'),
    'WebP': encode(picture(), 'WEBP'),
    'BMP': encode(picture(), 'BMP'),
    'TIFF': encode(picture(), 'TIFF'),
}
ODD = {
    'CMYK': encode(picture().convert('CMYK')),
    'grey': encode(picture().convert('L')),
    'rotated': rotated(6),
    '16-bit': encode(Image.fromarray(SIXTEEN), 'PNG'),
    'transparent': encode(picture().convert('RGBA'), 'PNG'),
    'large': encode(picture(30_000, 20)),
}
BAD = {
    'empty': b'',
    'html': b'<!DOCTYPE html><html><body>404 Not Found</body></html>',
    'zeros': bytes(5000),
    'zero tail': WHOLE['JPEG'][:700] + bytes(len(WHOLE['JPEG']) - 700),
    'header only': WHOLE['JPEG'][:20],
    **{f'half a {kind}': data[: len(data) // 2] for kind, data in WHOLE.items()},
    **{f'{kind} less a byte': data[:-1] for kind, data in WHOLE.items()},
}
# the compressed data breaks off, but the end marker is there
PATCHED = WHOLE['JPEG'][: len(WHOLE['JPEG']) * 3 // 4] + b'\xff\xd9'
