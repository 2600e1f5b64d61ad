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
    margin = int(np.abs(whole).max()) + 2
    wide = cv2.copyMakeBorder(image, 0, 0, margin, margin, cv2.BORDER_REPLICATE).reshape(height, -1)
    length = (width + 3) * channels
    moved = np.empty((height, length), np.uint8)
    for row, start in enumerate((channels * (whole - 1 + margin)).tolist()):
        moved[row] = wide[row, start : start + length]
    result = _interpolated(moved.reshape(height, width + 3, channels), origin - whole)
    begin, end = (_first_place(origin, edge, width) * channels for edge in (0, width))
    rows, colours = result.reshape(height, -1), np.tile(np.array(fill, np.uint8), width)
    for row, (first, last) in enumerate(zip(begin.tolist(), end.tolist())):
        if first:
            rows[row, :first] = colours[:first]
        if last < len(colours):
            rows[row, last:] = colours[last:]
    return result


def _first_place(origin: np.ndarray, edge: int, width: int) -> np.ndarray:
    """Return the first place of each row that takes a pixel from `edge` on; rounds as Pillow does."""
    place = np.ceil(edge - origin - 0.5)
    place -= (place - 0.5) + origin >= edge
    place += (place + 0.5) + origin < edge
    return place.clip(0, width).astype(int)


def _interpolated(moved: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Move each row to the left by a fraction of a pixel; one pixel before and two after are lost."""
    height, width, channels = moved.shape
    result = np.empty((height, width - 3, channels), np.uint8)
    alike: dict[float, list[int]] = defaultdict(list)  # fractions recur at equal distances
    for row, fraction in enumerate(fractions.round(6).tolist()):
        alike[fraction].append(row)
    for fraction, rows in alike.items():
        step = rows[1] - rows[0] if len(rows) > 1 else 1
        even = slice(rows[0], rows[-1] + 1, step)
        same = even if list(range(height)[even]) == rows else rows  # a view, if possible
        kernel = np.array([_bicubic(fraction)], np.float32)
        filtered = cv2.filter2D(moved[same], -1, kernel, anchor=(0, 0), delta=TRUNCATION)
        result[same] = filtered[:, : width - 3]
    return result


def _bicubic(d: float) -> tuple[float, ...]:
    """Return the weights of four neighbours at the fraction `d` after the second."""
    return d * (-1 + d * (2 - d)), 1 + d * d * (d - 2), d * (1 + d * (1 - d)), d * d * (d - 1)
