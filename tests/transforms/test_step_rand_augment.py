"""RandAugment of the recipe compared with its description: operations, frequencies, magnitudes."""

import math
from collections import Counter

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from mmpretrain_mlml import StepRandAugment

OPERATIONS = [
    'Invert', 'Cutout', 'Sharpness', 'AutoContrast', 'Posterize', 'Shear', 'Translate', 'Translate',
    'Shear', 'Rotate', 'Equalize', 'Contrast', 'ColorTransform', 'Solarize', 'Brightness',
]  # fmt: skip


def test_operations_and_steps_are_uniform(augment):
    assert [type(operation).__name__ for operation in augment.transforms] == OPERATIONS
    np.random.seed(0)
    draws = [augment.draw() for _ in range(20_000)]
    assert {len(pair) for pair in draws} == {2}
    for place in range(2):
        operations = Counter(pair[place][0] for pair in draws)
        assert operations.keys() == set(range(15))
        assert max(abs(n - 20_000 / 15) for n in operations.values()) < 5 * math.sqrt(20_000 / 15)
        steps = Counter(pair[place][1] for pair in draws)
        assert steps.keys() == set(range(1, 10))
        assert max(abs(n - 20_000 / 9) for n in steps.values()) < 5 * math.sqrt(20_000 / 9)
    twice = sum(first[0] == second[0] for first, second in draws)
    assert twice == pytest.approx(20_000 / 15, rel=0.15)


def test_each_operation_is_applied_half_of_the_time(augment, picture):
    np.random.seed(0)
    for operation in augment.transforms:
        operation.magnitude_level = 9
        changed = sum(
            not np.array_equal(operation({'img': picture.copy()})['img'], picture)
            for _ in range(400)
        )
        assert changed == pytest.approx(200, abs=50), operation


MAGNITUDES = {
    'Cutout': [2, 4, 7, 9, 11, 13, 16, 18, 20],
    'Posterize': [8, 7, 7, 6, 6, 5, 5, 4, 4],
    'Solarize': [256 - 256 * k / 9 for k in range(1, 10)],
    'Shear': [0.3 * k / 9 for k in range(1, 10)],
    'Translate': [150 / 331 * k / 9 for k in range(1, 10)],
    'Rotate': [-30 * k / 9 for k in range(1, 10)],
    **{
        name: [0.1 * k for k in range(1, 10)]
        for name in ('Sharpness', 'Contrast', 'ColorTransform', 'Brightness')
    },
}


def test_magnitudes_are_nine_even_steps(augment):
    rounded = {'Cutout': int, 'Posterize': math.ceil}  # as these operations do themselves
    for operation in augment.transforms:
        name = type(operation).__name__
        if name in MAGNITUDES:
            magnitudes = []
            for operation.magnitude_level in range(1, 10):
                magnitudes.append(rounded.get(name, float)(operation.random_magnitude()))
            assert magnitudes == pytest.approx(MAGNITUDES[name]), name
        signs = operation.random_negative_prob
        if name in ('Sharpness', 'Contrast', 'ColorTransform', 'Brightness', 'Shear', 'Translate'):
            assert signs == 0.5, name
        elif name in MAGNITUDES:
            assert signs == 0, name
        if name in ('Shear', 'Translate', 'Rotate'):
            assert operation.pad_val == (128, 128, 128)
            assert operation.interpolation == ('bicubic' if name == 'Shear' else 'nearest')
    assert augment.transforms[1].pad_val == (113, 122, 125)  # BGR


def forced(augment, name, step, sign=1):
    """One operation at one step, applied for certain, with a fixed sign."""
    operation = next(op for op in augment.transforms if type(op).__name__ == name)
    operation.prob, operation.magnitude_level = 1.0, step
    operation.random_negative_prob = 0.0 if sign > 0 else 1.0
    return operation


PILLOW = {
    'Invert': lambda im, m: ImageOps.invert(im),
    'AutoContrast': lambda im, m: ImageOps.autocontrast(im),
    'Equalize': lambda im, m: ImageOps.equalize(im),
    'Posterize': lambda im, m: ImageOps.posterize(im, m),
    'Solarize': lambda im, m: ImageOps.solarize(im, m),
    'Contrast': lambda im, m: ImageEnhance.Contrast(im).enhance(1 + m),
    'ColorTransform': lambda im, m: ImageEnhance.Color(im).enhance(1 + m),
    'Brightness': lambda im, m: ImageEnhance.Brightness(im).enhance(1 + m),
    'Sharpness': lambda im, m: ImageEnhance.Sharpness(im).enhance(1 + m),
    'Rotate': lambda im, m: im.rotate(-m, fillcolor=(128,) * 3),
}


@pytest.mark.parametrize('name', PILLOW)
@pytest.mark.parametrize('step', [3, 9])
def test_an_operation_does_what_pillow_does(augment, picture, name, step):
    """The released package works on Pillow images."""
    result = forced(augment, name, step)({'img': picture.copy()})['img']
    magnitude = MAGNITUDES.get(name, [None] * 9)[step - 1]
    image = Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    expected = cv2.cvtColor(np.asarray(PILLOW[name](image, magnitude)), cv2.COLOR_RGB2BGR)
    assert np.abs(result.astype(int) - expected).max() <= 1


def test_translate_and_shear_move_by_the_step(augment):
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, 50] = 255
    moved = forced(augment, 'Translate', 9)({'img': image.copy()})['img']
    assert np.argmax(moved[50, :, 0] == 255) == 50 + int(150 / 331 * 100)
    back = forced(augment, 'Translate', 9, sign=-1)({'img': image.copy()})['img']
    assert np.argmax(back[50, :, 0] == 255) == 50 - int(150 / 331 * 100)
    sheared = forced(augment, 'Shear', 9)({'img': image.copy()})['img']
    top, bottom = (np.argmax(sheared[row, :, 0]) for row in (5, 45))
    assert abs(int(top) - int(bottom)) == pytest.approx(40 * 0.3, abs=1.5)


def test_steps_below_one_are_refused():
    with pytest.raises(ValueError, match='steps >= 1'):
        StepRandAugment([{'type': 'Invert'}], steps=0)
