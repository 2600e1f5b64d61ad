"""The augmentations draw what MMPretrain's draw, and leave to them what they do not support."""

import pickle

import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS

from mmpretrain_mlml.runtime.random_state import seeded
from mmpretrain_mlml.transforms.pillow_operations import like_pillow

# Pillow and OpenCV agree on these up to rounding; not on borders, interpolation and half pixels.
SAME_PIXELS = (
    'Invert', 'Cutout', 'AutoContrast', 'Posterize', 'Equalize', 'Contrast', 'ColorTransform',
    'Solarize', 'Brightness',
)  # fmt: skip


def pairs(augment):
    """Each operation of the recipe: MMPretrain's, and ours."""
    for policy, ours in zip(augment.policies, augment.transforms):
        yield TRANSFORMS.build(policy), ours


def test_draws_are_those_of_mmpretrain(augment, picture):
    for theirs, ours in pairs(augment):
        assert repr(ours) == repr(theirs)
        theirs.magnitude_level = ours.magnitude_level = 7
        changed = set()
        for seed in range(20):
            with seeded(seed):
                expected = theirs({'img': picture.copy()})['img']
                following = np.random.rand()
            with seeded(seed):
                result = ours({'img': picture.copy()})['img']
                assert np.random.rand() == following, ours
            changed.add(not np.array_equal(result, picture))
            assert np.array_equal(result, picture) == np.array_equal(expected, picture), ours
            difference = np.abs(result.astype(int) - expected)
            if type(ours).__name__ in SAME_PIXELS:
                assert difference.max() <= 1, ours
            else:
                assert np.mean(difference) < 6, ours
        assert changed == {True, False}, ours


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_other_images_are_left_to_mmpretrain(augment, picture, dtype):
    image = (picture if dtype == np.float32 else picture[..., :1]).astype(dtype)
    for theirs, ours in pairs(augment):
        theirs.prob = ours.prob = 1.0
        theirs.magnitude_level = ours.magnitude_level = 7
        results = []
        for operation in (theirs, ours):
            try:
                with seeded(1):
                    results.append(operation({'img': image.copy()})['img'])
            except Exception as error:  # some of MMPretrain's need three channels
                results.append(repr(error))
        assert np.array_equal(*results), ours


@pytest.mark.parametrize(
    'policy',
    [
        {'type': 'Rotate', 'angle': 20.0, 'center': (3.0, 4.0)},
        {'type': 'Rotate', 'angle': 20.0, 'interpolation': 'bilinear'},
        {'type': 'Translate', 'magnitude': 0.21, 'interpolation': 'bilinear'},
        {'type': 'Shear', 'magnitude': 0.21, 'interpolation': 'bilinear'},
    ],
)
def test_options_that_the_recipe_lacks_are_left_to_mmpretrain(picture, policy):
    theirs = TRANSFORMS.build({**policy, 'prob': 1.0})
    with seeded(0):
        expected = theirs({'img': picture.copy()})['img']
    with seeded(0):
        assert np.array_equal(like_pillow(theirs)({'img': picture.copy()})['img'], expected)


def test_an_operation_of_somebody_else_is_unchanged():
    other = TRANSFORMS.build({'type': 'GaussianBlur', 'radius': 1, 'prob': 1.0})
    assert like_pillow(other) is other
    subclass = type('Invert', (type(TRANSFORMS.build({'type': 'Invert'})),), {})()
    assert like_pillow(subclass) is subclass


def test_data_workers_get_them_by_pickle(augment, picture):
    for operation in pickle.loads(pickle.dumps(augment)).transforms:
        operation.prob = 1.0
        assert operation({'img': picture.copy()})['img'].shape == picture.shape
