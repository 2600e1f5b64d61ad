"""Operations on the values of pixels, as Pillow computes them.

Each takes an image of shape (H, W, 3), uint8, and returns a new one. The order of the channels is
OpenCV's, BGR. Where a value follows from the old value alone, a table of 256 values is applied.
"""

from __future__ import annotations

import cv2
import numpy as np

_VALUES = np.arange(256)
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13
# Added to a sum that OpenCV rounds to the nearest integer: Pillow drops the fraction.
TRUNCATION = -0.499


def invert(image: np.ndarray) -> np.ndarray:
    """Return 255 minus each value."""
    return ~image


def posterize(image: np.ndarray, bits: int) -> np.ndarray:
    """Keep the highest bits of each value.

    Args:
        image: The image.
        bits: Number of bits, 0 to 8.
    """
    return image & np.uint8(256 - (1 << (8 - bits)))


def solarize(image: np.ndarray, threshold: float) -> np.ndarray:
    """Invert the values that are not below a threshold."""
    return _look_up(image, np.where(threshold > _VALUES, _VALUES, 255 - _VALUES))


def brightness(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply each value by a factor."""
    return _look_up(image, _blend(0, _VALUES, factor))


def contrast(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the difference from the mean brightness by a factor."""
    mean = int(cv2.mean(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))[0] + 0.5)
    return _look_up(image, _blend(mean, _VALUES, factor))


def auto_contrast(image: np.ndarray) -> np.ndarray:
    """Stretch the values of each channel to 0 to 255."""
    lowest, highest = image.min(0).min(0).tolist(), image.max(0).max(0).tolist()
    return _look_up(image, *(_stretched(*ends) for ends in zip(lowest, highest)))


def equalize(image: np.ndarray) -> np.ndarray:
    """Make the histogram of each channel even."""
    counts = [cv2.calcHist([image], [channel], None, [256], [0, 256]) for channel in range(3)]
    return _look_up(image, *(_even(count.ravel().astype(np.int64)) for count in counts))


def colour(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the difference from grey by a factor."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return cv2.addWeighted(image, factor, grey, 1 - factor, TRUNCATION)


def sharpness(image: np.ndarray, factor: float) -> np.ndarray:
    """Multiply the difference from the smoothed image by a factor; the border stays."""
    smooth = cv2.filter2D(image, -1, _SMOOTH)
    result = cv2.addWeighted(image, factor, smooth, 1 - factor, TRUNCATION)
    for border in (np.s_[:1], np.s_[-1:], np.s_[:, :1], np.s_[:, -1:]):
        result[border] = image[border]
    return result


def _look_up(image: np.ndarray, *tables: np.ndarray) -> np.ndarray:
    """Apply a table of 256 values, or one for each channel."""
    return cv2.LUT(image, np.stack(tables, axis=-1).astype(np.uint8)[None])


def _blend(low: int, high: np.ndarray, factor: float) -> np.ndarray:
    return (low + np.float32(factor) * (high - low).astype(np.float32)).clip(0, 255)


def _stretched(lowest: int, highest: int) -> np.ndarray:
    if highest <= lowest:
        return _VALUES
    scale = 255 / (highest - lowest)
    return (_VALUES * scale - lowest * scale).clip(0, 255)


def _even(counts: np.ndarray) -> np.ndarray:
    step = (counts.sum() - counts[np.flatnonzero(counts)[-1]]) // 255
    if not step:
        return _VALUES
    before = np.cumsum(counts) - counts
    return ((before + step // 2) // step).clip(0, 255)
