import hashlib

import numpy as np
import pytest
from sklearn.datasets import load_digits

from mmpretrain_mlml import DigitScenes
from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.labels import drop_labels


def labels_of(dataset):
    return [dataset.get_data_info(index)['gt_label'] for index in range(len(dataset))]


def test_scenes_are_deterministic():
    images, labels = make_scenes.__wrapped__('train', 50)
    again, _ = make_scenes.__wrapped__('train', 50)
    assert np.array_equal(images, again)
    assert images.shape == (50, 48, 48, 1)
    assert labels[:3] == [[2, 3, 5, 6], [2, 5, 8, 9], [1, 7]]
    assert hashlib.sha256(images.tobytes()).hexdigest()[:16] == 'a3a15a8f32b22e27'


def test_a_label_is_the_set_of_digits_shown():
    """Finds each scan of the label's digits in the picture, by template matching."""
    import cv2

    scans, values = load_digits(return_X_y=True)
    scans = (scans.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)[:1200]
    image, label = (column[0] for column in make_scenes('train', 1))
    best = dict.fromkeys(range(10), 0.0)
    for scan, value in zip(scans, values[:1200]):
        for side in range(10, 17):
            template = cv2.resize(scan, (side, side), interpolation=cv2.INTER_LINEAR_EXACT)
            score = cv2.matchTemplate(image, template, cv2.TM_CCOEFF_NORMED).max()
            best[int(value)] = max(best[int(value)], float(score))
    assert [digit for digit, score in best.items() if score > 0.999] == label


def test_training_and_test_scans_are_disjoint(monkeypatch):
    from sklearn import datasets

    pixels, values = load_digits(return_X_y=True)
    pixels = np.zeros_like(pixels)
    pixels[1200:] = 16  # black training scans, white test scans
    monkeypatch.setattr(datasets, 'load_digits', lambda return_X_y: (pixels, values))
    assert not make_scenes.__wrapped__('train', 20)[0].any()
    assert make_scenes.__wrapped__('test', 20)[0].any()


@pytest.mark.parametrize('protocol', ['0.4left', 'single'])
def test_labels_are_dropped_by_the_same_rule(protocol):
    full, some = DigitScenes(size=200), DigitScenes(size=200, protocol=protocol, seed=3)
    names = [f'train/{index:06d}' for index in range(200)]
    assert labels_of(some) == drop_labels(names, labels_of(full), protocol, 3)
    assert all(np.array_equal(full[k]['img'], some[k]['img']) for k in range(200))
    assert tuple('0123456789') == full.CLASSES


def test_unknown_split_raises():
    with pytest.raises(ValueError, match="'val'; expected 'train' or 'test'"):
        DigitScenes(split='val')
