"""Images in memory have the pixels of their files."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mmpretrain_mlml.apis.images import each_image, pixels_of
from mmpretrain_mlml.apis.loading import load_batches


@pytest.mark.parametrize('mode', ['RGB', 'L', 'P', '1'])
@pytest.mark.parametrize('orientation', [1, 6])
def test_a_picture_has_the_pixels_of_its_file(tmp_path, mode, orientation):
    path = tmp_path / 'image.png'
    random = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    picture = Image.fromarray(random).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif)
    with Image.open(path) as opened:
        found = pixels_of(opened, 3)
    expected = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if expected.shape != found.shape:  # OpenCV before 4.11 does not turn PNG files
        pytest.skip('this OpenCV ignores the orientation of PNG files')
    np.testing.assert_array_equal(found, expected)
    assert pixels_of(picture, 1).shape == (5, 7, 1)


def test_arrays_are_checked_and_copied():
    image = np.zeros((4, 5, 3), np.uint8)
    found = pixels_of(image, 3)
    found[:] = 1
    assert not image.any()
    assert pixels_of(image[..., 0], 3).shape == (4, 5, 3)
    for wrong, channels in ((image, 1), (image / 2, 3), (image[:0], 3), (image[0, 0], 3)):
        with pytest.raises(ValueError, match='expected an array of shape'):
            pixels_of(wrong, channels)


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path):
    path = tmp_path / 'a[1].png'
    path.touch()
    assert [name for name, _ in each_image(str(path))] == [str(path)]
    assert [name for name, _ in each_image([f'{tmp_path}/*.png', path])] == [str(path)] * 2


def test_workers_are_forked_without_threads_of_opencv():
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        batches = load_batches(iter([[('a', 1)]]), lambda image: cv2.getNumThreads(), workers=1)
        assert [one.packed for batch in batches for one in batch] in ([0], [1])
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)
