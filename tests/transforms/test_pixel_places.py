"""Operations that move pixels do what Pillow's affine transform and rotation do."""

import numpy as np
import pytest
from PIL import Image

from mmpretrain_mlml.transforms import pixel_places

FILL = (128, 0, 255)
SHAPES = [(64, 80), (33, 17), (5, 90), (2, 3)]


def noise(shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)


def affine(image, matrix, resample=Image.Resampling.NEAREST):
    picture = Image.fromarray(image)
    affine = Image.Transform.AFFINE
    return np.asarray(picture.transform(picture.size, affine, matrix, resample, fillcolor=FILL))


def distance(one, other):
    return int(np.abs(one.astype(int) - other).max())


@pytest.mark.parametrize('shape', SHAPES)
def test_translation_is_that_of_pillow(shape):
    image = noise(shape)
    for share in (-1.5, -1, -0.453, -0.05, 0, 0.2, 0.453, 0.99, 1):
        right, down = share * shape[1], share * shape[0]
        moved = pixel_places.translate(image, right, 0, FILL)
        assert np.array_equal(moved, affine(image, (1, 0, -right, 0, 1, 0))), share
        moved = pixel_places.translate(image, 0, down, FILL)
        assert np.array_equal(moved, affine(image, (1, 0, 0, 0, 1, -down))), share


@pytest.mark.parametrize('shape', SHAPES)
def test_rotation_is_that_of_pillow(shape):
    image = noise(shape)
    for step in range(-9, 10):
        angle = 30 * step / 9
        expected = np.asarray(Image.fromarray(image).rotate(-angle, fillcolor=FILL))
        assert np.array_equal(pixel_places.rotate(image, angle, FILL), expected)


def test_rows_of_one_fraction_may_lie_at_any_distance():
    image = noise((7, 12))
    fractions = np.array(
        [0.1, 0.5, 0.1, 0.1, 0.2, 0.5, 0.1]
    )  # 0.1 is in as many rows as 0, 2, 4, 6
    together = pixel_places._interpolated(image, fractions)
    for row in range(7):
        alone = pixel_places._interpolated(image[row : row + 1], fractions[row : row + 1])
        assert np.array_equal(together[row : row + 1], alone), row


@pytest.mark.parametrize('shape', SHAPES)
def test_shear_is_that_of_pillow_within_one(shape):
    """On noise, where a wrong weight or a row moved by a hundredth of a pixel would show."""
    image = noise(shape)
    for step in (
        *range(-9, 10),
        1.37,
        30,
    ):  # also an amount that repeats no fraction, and a large one
        amount = 0.3 * step / 9
        bicubic = Image.Resampling.BICUBIC
        rows = pixel_places.shear(image, amount, 'horizontal', FILL)
        assert distance(rows, affine(image, (1, -amount, 0, 0, 1, 0), bicubic)) <= 1, step
        columns = pixel_places.shear(image, amount, 'vertical', FILL)
        assert distance(columns, affine(image, (1, 0, 0, -amount, 1, 0), bicubic)) <= 1, step
