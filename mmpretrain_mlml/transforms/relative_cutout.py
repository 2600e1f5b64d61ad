"""Cutout of the paper's recipe."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpretrain.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RelativeCutout(BaseTransform):
    """Fill a box, whose sides are a share of the image's, with one random colour.

    The centre is drawn uniformly over the image. At the border the box is clipped and so smaller:
    with ``size=0.5`` it covers 49/256 = 19 % of the image on average, 25 % at most. (MMPretrain's
    ``Cutout`` has a size in pixels and a fixed colour, and moves the box at two borders.)

    Modifies the key ``img``, an array of shape (H, W) or (H, W, channels).

    Args:
        size: Share of the height and of the width, in (0, 1].
        prob: Probability that the box is drawn, in [0, 1].
        in_place: Whether to change the array of the image, which is faster than to copy it. For
            pipelines that load the image from a file, where nobody else has the array.

    Raises:
        ValueError: If ``size`` or ``prob`` is out of range.

    Source: the input pipeline of the trainer released with arXiv 2112.07368.
    """

    def __init__(self, size: float = 0.5, prob: float = 1.0, in_place: bool = False) -> None:
        if not 0 < size <= 1 or not 0 <= prob <= 1:
            raise ValueError(f'expected size in (0, 1] and prob in [0, 1], got {size} and {prob}')
        self.size = size
        self.prob = prob
        self.in_place = in_place

    @cache_randomness
    def draw(self, shape: tuple[int, ...]) -> tuple[slice, slice, np.ndarray] | None:
        """Draw rows, columns and colour of the box, or None for no box.

        Args:
            shape: Shape of the image, (H, W) or (H, W, channels).
        """
        if np.random.rand() >= self.prob:
            return None
        box = []
        for length in shape[:2]:
            half = int(self.size * length) // 2
            centre = np.random.randint(length)
            box.append(slice(max(centre - half, 0), centre + half))
        rows, columns = box
        return rows, columns, np.random.randint(0, 256, size=shape[2:])

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Fill the box in the image of a sample."""
        image = results['img']
        drawn = self.draw(image.shape)
        if drawn is not None:
            rows, columns, colour = drawn
            if not (self.in_place and image.flags.writeable):
                image = image.copy()
            box = image[rows, columns]
            # row by row: faster than to repeat the colour pixel by pixel
            box[:] = np.full(box.shape[1:], colour, image.dtype)
            results['img'] = image
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size}, prob={self.prob})'
