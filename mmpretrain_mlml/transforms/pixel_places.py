"""Operations on the places of pixels, as Pillow computes them.

Each takes an image of shape (H, W, 3), uint8, and returns a new one of the same size. Places
that nothing moves to get the colour ``fill``, in the order of the channels.
"""

from __future__ import annotations

import math
from collections import defaultdict

import cv2
import numpy as np
from PIL import Image

from .pixel_values import TRUNCATION


def translate(image: np.ndarray, right: float, down: float, fill: tuple[int, ...]) -> np.ndarray:
    """Move an image by whole pixels.

    Args:
        image: The image.
        right: Distance in pixels, of which the nearest integer is taken; negative to the left.
        down: The same, downward.
        fill: Colour.
    """
    height, width = image.shape[:2]
    x, y = (
        max(-size, min(size, -math.floor(0.5 - by)))
        for by, size in ((right, width), (down, height))
    )
    kept = image[max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)]
    if not kept.size:
        return np.full_like(image, fill)
    border = max(y, 0), max(-y, 0), max(x, 0), max(-x, 0)
    return cv2.copyMakeBorder(kept, *border, cv2.BORDER_CONSTANT, value=fill)


def rotate(image: np.ndarray, angle: float, fill: tuple[int, ...]) -> np.ndarray:
    """Rotate an image about its centre, without interpolation.

    Args:
        image: The image.
        angle: Angle in degrees, clockwise.
        fill: Colour.
    """
    return np.array(Image.fromarray(image).rotate(-angle, fillcolor=fill))


def shear(image: np.ndarray, amount: float, direction: str, fill: tuple[int, ...]) -> np.ndarray:
    """Move each row by an amount that grows downward, or each column, with bicubic interpolation.

    Args:
        image: The image.
        amount: Pixels by which a row moves to the right more than the one above it.
        direction: ``'horizontal'`` moves rows, ``'vertical'`` columns, downward.
        fill: Colour.
    """
    if direction == 'vertical':
        return cv2.transpose(_shear_rows(cv2.transpose(image), amount, fill))
    return _shear_rows(image, amount, fill)


def _shear_rows(image: np.ndarray, amount: float, fill: tuple[int, ...]) -> np.ndarray:
    height, width, channels = image.shape
    origin = -amount * (np.arange(height) + 0.5)  # where a row takes its first pixel from
    whole = np.floor(origin + 1e-9).astype(int)
    between = _interpolated(image, origin - whole).reshape(height, -1)
    result = np.empty((height, width * channels), np.uint8)
    result[:] = np.tile(np.array(fill, np.uint8), width)
    begin, end = (_first_place(origin, edge, width) * channels for edge in (0, width))
    rows = zip(begin.tolist(), end.tolist(), ((whole + 1) * channels).tolist())
    for row, (first, last, moved) in enumerate(rows):
        result[row, first:last] = between[row, first + moved : last + moved]
    return result.reshape(image.shape)


def _first_place(origin: np.ndarray, edge: int, width: int) -> np.ndarray:
    """Return the first place of each row that takes a pixel from `edge` on; rounds as Pillow does."""
    place = np.ceil(edge - origin - 0.5)
    place -= (place - 0.5) + origin >= edge
    place += (place + 0.5) + origin < edge
    return place.clip(0, width).astype(int)


def _interpolated(image: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Return the values at a fraction after each pixel, a fraction for each row.

    There is one pixel more than in the image, before the first.
    """
    wide = cv2.copyMakeBorder(image, 0, 0, 1, 0, cv2.BORDER_REPLICATE)
    result = np.empty_like(wide)
    alike: dict[float, list[int]] = defaultdict(list)  # fractions recur at equal distances
    for row, fraction in enumerate(fractions.round(6).tolist()):
        alike[fraction].append(row)
    for fraction, rows in alike.items():
        even = slice(rows[0], rows[-1] + 1, rows[1] - rows[0] if len(rows) > 1 else 1)
        same = even if list(range(len(wide))[even]) == rows else rows  # a view, if possible
        result[same] = cv2.filter2D(
            wide[same], -1, np.array([_bicubic(fraction)], np.float32), anchor=(1, 0),
            delta=TRUNCATION, borderType=cv2.BORDER_REPLICATE,
        )  # fmt: skip
    return result


def _bicubic(d: float) -> tuple[float, ...]:
    """Return the weights of four neighbours at the fraction `d` after the second."""
    return d * (-1 + d * (2 - d)), 1 + d * d * (d - 2), d * (1 + d * (1 - d)), d * d * (d - 1)
