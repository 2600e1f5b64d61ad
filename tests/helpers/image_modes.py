"""One photograph in every mode and orientation that files have."""

from pathlib import Path

import numpy as np
from PIL import Image

ORIENTATION = 0x0112


def write_modes(photo: Image.Image, folder: Path) -> list[Path]:
    """Write a photograph in modes L, LA, P, RGB, RGBA, CMYK, 1 and I;16, and in every orientation."""
    colour, gray = photo.convert('RGB'), photo.convert('L')
    alpha = Image.fromarray(np.resize(np.arange(256, dtype=np.uint8), gray.size[::-1]))
    with_alpha = colour.copy()
    with_alpha.putalpha(alpha)
    palette = colour.quantize(64)
    deep = np.asarray(gray).astype(int) * 257 - np.arange(gray.width) % 200
    deep = np.clip(deep, 0, None).astype(np.uint16)
    images = {
        'rgb.jpg': (colour, {'quality': 90}), 'rgb.png': (colour, {}), 'rgb.webp': (colour, {}),
        'rgb.tif': (colour, {}), 'rgb.bmp': (colour, {}),
        'progressive.jpg': (colour, {'progressive': True, 'subsampling': 2, 'quality': 40}),
        'l.jpg': (gray, {}), 'l.png': (gray, {}), 'la.png': (Image.merge('LA', (gray, alpha)), {}),
        'p.png': (palette, {}), 'p.gif': (palette, {}),
        'p_transparent.png': (palette, {'transparency': 3}),
        'rgba.png': (with_alpha, {}), 'rgba.webp': (with_alpha, {'lossless': True}),
        'cmyk.jpg': (colour.convert('CMYK'), {}), '1.png': (colour.convert('1'), {}),
        'i16.png': (Image.fromarray(deep), {}),
    }  # fmt: skip
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        images[f'exif{orientation}.jpg'] = colour, {'exif': exif}
    for name, (image, options) in images.items():
        image.save(folder / name, **options)
    return [folder / name for name in images]
