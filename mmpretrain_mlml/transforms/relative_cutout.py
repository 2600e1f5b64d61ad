from __future__ import annotations

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpretrain.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RelativeCutout(BaseTransform):
    """Covers a box, of a share of the image's height and width, with one random colour.

    The centre is drawn uniformly over the image and the box is clipped at its border, so it is
    smaller there: at ``size=0.5`` it covers 49/256 = 19 % of the image on average, 25 % at most.
    (MMPretrain's ``Cutout`` takes pixels and a fixed colour, and shifts the box at two borders.)

    Modifies the key ``img``, an array of shape (H, W) or (H, W, channels).

    Args:
        size: Share of the height and of the width, in (0, 1].
        prob: Probability of covering anything.

    Raises:
        ValueError: ``size`` or ``prob`` is out of its range.

    Source: the input pipeline of the trainer released with arXiv 2112.07368.
    """

    def __init__(self, size: float = 0.5, prob: float = 1.0) -> None:
        if not 0 < size <= 1 or not 0 <= prob <= 1:
            raise ValueError(f'expected size in (0, 1] and prob in [0, 1], got {size} and {prob}')
        self.size = size
        self.prob = prob

    @cache_randomness
    def draw(self, shape: tuple[int, ...]) -> tuple[slice, slice, np.ndarray] | None:
        """Rows and columns of the box, and its colour; None where nothing is to be covered."""
        if np.random.rand() >= self.prob:
            return None
        box = []
        for length in shape[:2]:
            half = int(self.size * length) // 2
            centre = np.random.randint(length)
            box.append(slice(max(centre - half, 0), centre + half))
        return *box, np.random.randint(0, 256, size=shape[2:])

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        image = results['img']
        drawn = self.draw(image.shape)
        if drawn is not None:
            rows, columns, colour = drawn
            image = image.copy()
            image[rows, columns] = colour
            results['img'] = image
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size}, prob={self.prob})'
