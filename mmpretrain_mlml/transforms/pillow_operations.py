"""MMPretrain's augmentations with the pixels that Pillow computes, in a fraction of the time.

The classes draw what MMPretrain's draw, in the same order. They are not registered: see
:func:`like_pillow`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np
from mmpretrain.datasets.transforms import auto_augment

from . import pixel_places, pixel_values


class _Operation(auto_augment.BaseAugTransform):
    """Mixin: decides whether to change an image of three channels; others are left to MMPretrain."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change the image of a sample, or leave it."""
        image = results['img']
        if (
            image.dtype != np.uint8
            or image.ndim != 3
            or image.shape[2] != 3
            or not self.supported()
        ):
            return super().transform(results)
        if not self.random_disable():
            results['img'] = self.changed(image)
        return results

    def supported(self) -> bool:
        """Return whether the options are those of the recipe."""
        return True

    def changed(self, image: np.ndarray) -> np.ndarray:
        """Return the changed image, (H, W, 3) uint8."""
        raise NotImplementedError

    def drawn(self, given: float | None) -> float:
        """Return the magnitude with its sign: a given one, or one that is drawn."""
        return self.random_negative(self.unsigned(given))

    def unsigned(self, given: float | None) -> float:
        """Return the magnitude without its sign."""
        return self.random_magnitude() if given is None else given


class Invert(_Operation, auto_augment.Invert):
    """Inversion."""

    def changed(self, image: np.ndarray) -> np.ndarray:
        return pixel_values.invert(image)


class AutoContrast(_Operation, auto_augment.AutoContrast):
    """The full range of values in each channel."""

    def changed(self, image: np.ndarray) -> np.ndarray:
        return pixel_values.auto_contrast(image)


class Equalize(_Operation, auto_augment.Equalize):
    """Even histograms."""

    def changed(self, image: np.ndarray) -> np.ndarray:
        return pixel_values.equalize(image)


class Posterize(_Operation, auto_augment.Posterize):
    """Fewer bits."""

    def changed(self, image: np.ndarray) -> np.ndarray:
        return pixel_values.posterize(image, ceil(self.unsigned(self.bits)))


class Solarize(_Operation, auto_augment.Solarize):
    """Inversion of high values."""

    def changed(self, image: np.ndarray) -> np.ndarray:
        return pixel_values.solarize(image, self.unsigned(self.thr))


class _Blending(_Operation):
    """Mixin of the operations that blend the image with a plainer one, or away from it."""

    magnitude: float | None
    blended: Callable[[np.ndarray, float], np.ndarray]

    def changed(self, image: np.ndarray) -> np.ndarray:
        return self.blended(image, 1 + self.drawn(self.magnitude))


class Contrast(_Blending, auto_augment.Contrast):
    """More or less contrast."""

    blended = staticmethod(pixel_values.contrast)


class Brightness(_Blending, auto_augment.Brightness):
    """More or less brightness."""

    blended = staticmethod(pixel_values.brightness)


class ColorTransform(_Blending, auto_augment.ColorTransform):
    """More or less colour."""

    blended = staticmethod(pixel_values.colour)


class Sharpness(_Blending, auto_augment.Sharpness):
    """More or less sharpness."""

    blended = staticmethod(pixel_values.sharpness)


class _Moving(_Operation):
    """Mixin of the operations that move pixels."""

    interpolation_like_pillow = 'nearest'
    pad_val: int | tuple[int, ...]
    interpolation: str

    def supported(self) -> bool:
        return self.interpolation == self.interpolation_like_pillow

    @property
    def fill(self) -> tuple[int, ...]:
        """Colour of the places that nothing moves to."""
        return (self.pad_val,) * 3 if isinstance(self.pad_val, int) else tuple(self.pad_val)


class Translate(_Moving, auto_augment.Translate):
    """Translation."""

    def changed(self, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        share = self.drawn(self.magnitude)
        across = self.direction == 'horizontal'
        right, down = (share * width, 0.0) if across else (0.0, share * height)
        return pixel_places.translate(image, right, down, self.fill)


class Shear(_Moving, auto_augment.Shear):
    """Shear."""

    interpolation_like_pillow = 'bicubic'

    def changed(self, image: np.ndarray) -> np.ndarray:
        amount = self.drawn(self.magnitude)
        return pixel_places.shear(image, amount, self.direction, self.fill)


class Rotate(_Moving, auto_augment.Rotate):
    """Rotation about the centre."""

    def supported(self) -> bool:
        return super().supported() and self.center is None and self.scale == 1

    def changed(self, image: np.ndarray) -> np.ndarray:
        return pixel_places.rotate(image, self.drawn(self.angle), self.fill)


_LIKE_PILLOW: dict[type, type[_Operation]] = {
    operation.__bases__[-1]: operation
    for operation in (
        Invert, AutoContrast, Equalize, Posterize, Solarize, Contrast, Brightness, ColorTransform,
        Sharpness, Translate, Shear, Rotate,
    )
}  # fmt: skip


def like_pillow(operation: Any) -> Any:
    """Return an augmentation of MMPretrain as one that computes what Pillow does; others unchanged.

    Args:
        operation: Transform, such as ``RandAugment`` builds.
    """
    replacement = _LIKE_PILLOW.get(type(operation))
    if replacement is None:
        return operation
    new = replacement.__new__(replacement)
    new.__dict__.update(operation.__dict__)
    return new
