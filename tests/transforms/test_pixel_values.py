"""Operations on pixel values are Pillow's: equal, but for the rounding of grey in ``colour``."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from mmpretrain_mlml.transforms import pixel_values

FACTORS = [1 + sign * step / 10 for step in range(1, 10) for sign in (1, -1)]


def pictures():
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:61, :83]
    smooth = np.stack([rows * 3, columns * 3, rows + columns], -1).astype(np.uint8)
    yield 'noise', random.integers(0, 256, (61, 83, 3), dtype=np.uint8)
    yield 'smooth', smooth
    yield 'narrow range', smooth // 4 + 90
    yield 'one colour', np.full((20, 30, 3), (7, 130, 255), np.uint8)
    yield 'one pixel', np.array([[[1, 2, 3]]], np.uint8)
    yield 'two values', np.repeat(random.integers(0, 2, (40, 40, 1), np.uint8) * 255, 3, 2)


PICTURES = dict(pictures())


def at(operation, level):
    return lambda image: operation(image, level)


def difference(image, ours, pillows):
    """The largest difference to what Pillow makes of the same image in RGB."""
    before = image.copy()
    result = ours(image)
    assert np.array_equal(image, before), 'the image was changed in place'
    assert result.shape == image.shape
    assert result.dtype == np.uint8
    theirs = np.asarray(pillows(Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))))
    return int(np.abs(result[..., ::-1].astype(int) - theirs).max())


@pytest.mark.parametrize('kind', PICTURES)
def test_look_up_tables_are_those_of_pillow(kind):
    image = PICTURES[kind]
    assert difference(image, pixel_values.invert, ImageOps.invert) == 0
    assert difference(image, pixel_values.auto_contrast, ImageOps.autocontrast) == 0
    assert difference(image, pixel_values.equalize, ImageOps.equalize) == 0


@pytest.mark.parametrize('kind', PICTURES)
@pytest.mark.parametrize(
    ('ours', 'theirs', 'levels'),
    [
        (pixel_values.posterize, ImageOps.posterize, range(1, 9)),
        (pixel_values.solarize, ImageOps.solarize, [256 - 256 * step / 9 for step in range(10)]),
    ],
)
def test_tables_with_a_level_are_those_of_pillow(kind, ours, theirs, levels):
    for level in levels:
        assert difference(PICTURES[kind], at(ours, level), at(theirs, level)) == 0


@pytest.mark.parametrize('kind', PICTURES)
@pytest.mark.parametrize(
    ('ours', 'theirs', 'most'),
    [
        (pixel_values.brightness, ImageEnhance.Brightness, 0),
        (pixel_values.contrast, ImageEnhance.Contrast, 1),  # the mean of grey may round differently
        (pixel_values.colour, ImageEnhance.Color, 1),  # as may grey itself
        (pixel_values.sharpness, ImageEnhance.Sharpness, 1),
    ],
)
def test_enhancements_are_those_of_pillow(kind, ours, theirs, most):
    for factor in FACTORS:
        found = difference(
            PICTURES[kind],
            at(ours, factor),
            at(lambda image, factor: theirs(image).enhance(factor), factor),
        )
        assert found <= most, factor
