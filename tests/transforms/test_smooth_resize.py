"""SmoothResize has Pillow's pixels and everything else of mmcv's Resize."""

import numpy as np
import pytest
from mmcv.transforms import Resize

from mmpretrain_mlml import SmoothResize

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (48, 64, 3), dtype=np.uint8)


def both(image, scale=(45, 30), **options):
    """Results of SmoothResize and of mmcv's with Pillow."""
    ours = SmoothResize(scale, **options)({'img': image})
    theirs = Resize(scale, backend='pillow', **options)({'img': np.ascontiguousarray(image)})
    return ours, theirs


@pytest.mark.parametrize('interpolation', ['bilinear', 'bicubic'])
@pytest.mark.parametrize('scale', [(45, 30), (7, 5), (64, 48), (64, 20), (100, 90), (1, 1)])
@pytest.mark.parametrize(
    'image', [NOISE, NOISE[..., 0], NOISE[..., :1]], ids=['colour', '2d', 'grey']
)
def test_pixels_are_those_of_pillow_within_one(image, scale, interpolation):
    if image.shape[2:] == (1,):
        result = SmoothResize(scale, interpolation=interpolation)({'img': image})['img']
        _, theirs = both(image[..., 0], scale, interpolation=interpolation)
        result, expected = result[..., 0], theirs['img']
    else:
        ours, theirs = both(image, scale, interpolation=interpolation)
        result, expected = ours.pop('img'), theirs.pop('img')
        assert ours == theirs
    assert result.dtype == np.uint8
    assert result.shape == expected.shape
    assert np.abs(result.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    'image',
    [NOISE[:, ::-1], NOISE[::2], NOISE.transpose(1, 0, 2), np.frombuffer(NOISE.tobytes(), np.uint8)
     .reshape(NOISE.shape)],
    ids=['mirrored', 'every second row', 'transposed', 'read-only'],
)  # fmt: skip
def test_any_layout_in_memory_will_do(image):
    ours, theirs = both(image)
    assert np.abs(ours['img'].astype(int) - theirs['img']).max() <= 1


def test_the_aspect_ratio_is_kept_on_request():
    ours, theirs = both(NOISE, (50, 20), keep_ratio=True)
    assert ours['img'].shape == theirs['img'].shape == (20, 27, 3)
    assert ours['scale_factor'] == theirs['scale_factor']
    assert ours['keep_ratio'] is True


@pytest.mark.parametrize('interpolation', ['nearest', 'lanczos', 'box'])
def test_other_interpolations_are_pillows(interpolation):
    ours, theirs = both(NOISE, interpolation=interpolation)
    assert np.array_equal(ours['img'], theirs['img'])


def test_other_backends_are_mmcvs():
    for backend in ('cv2', 'pillow'):
        ours = SmoothResize((9, 9), backend=backend)({'img': NOISE})
        assert np.array_equal(ours['img'], Resize((9, 9), backend=backend)({'img': NOISE})['img'])


def test_wrong_options_and_images_are_refused():
    with pytest.raises(ValueError, match="unknown backend 'cv'; expected one of"):
        SmoothResize((9, 9), backend='cv')
    with pytest.raises(ValueError, match="unknown interpolation 'area' of the backend 'torch'"):
        SmoothResize((9, 9), interpolation='area')
    with pytest.raises(ValueError, match='expected an image of uint8, got float32'):
        SmoothResize((9, 9))({'img': NOISE.astype(np.float32)})
