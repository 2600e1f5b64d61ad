"""Digit scenes."""

import hashlib
from copy import deepcopy

import numpy as np
import pytest
import torch
from helpers.runners import VALIDATION, make_runner
from sklearn.datasets import load_digits

from mmpretrain_mlml import BCE, DigitScenes
from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.evaluation.functional import multi_label_scores
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
    """Template matching finds a scan of each digit of the label in the image."""
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
def test_protocols_drop_labels(protocol):
    full, some = DigitScenes(size=200), DigitScenes(size=200, protocol=protocol, seed=3)
    names = [f'train/{index:06d}' for index in range(200)]
    assert labels_of(some) == drop_labels(names, labels_of(full), protocol, 3)
    assert all(np.array_equal(full[k]['img'], some[k]['img']) for k in range(200))
    assert tuple('0123456789') == full.CLASSES


def test_unknown_split_raises():
    with pytest.raises(ValueError, match="'val'; expected 'train' or 'test'"):
        DigitScenes(split='val')


def test_unobserved_entries_reach_loss_and_scores(tmp_path):
    changes = {**deepcopy(VALIDATION), 'train_cfg': {'max_epochs': 1}}
    changes['train_dataloader'] = {'dataset': {'protocol': 'full', 'unknown': 0.5}}
    changes['val_dataloader']['dataset']['unknown'] = 0.4
    recorded = []

    class RecordingBCE(BCE):
        def elementwise(self, pred, target):
            loss = super().elementwise(pred, target)
            recorded.append((target, loss))
            return loss

    runner = make_runner(tmp_path, **changes)
    runner.model.head.loss_module = RecordingBCE()
    runner.train()
    complete = DigitScenes('train', 48)
    partial = runner.train_dataloader.dataset
    for index in range(48):
        score, truth = partial.get_data_info(index)['gt_score'], np.zeros(10)
        truth[complete.get_data_info(index)['gt_label']] = 1
        assert ((score == truth) | (score == -1)).all()
        assert partial.get_data_info(index)['gt_label'] == np.flatnonzero(score == 1).tolist()
    targets = torch.cat([target for target, _ in recorded])
    assert set(targets.unique().tolist()) == {-1, 0, 1}
    assert abs((targets == -1).float().mean() - 0.5) < 0.1
    assert all((loss[target == -1] == 0).all() for target, loss in recorded)
    # scores count observed entries only
    model, loader = runner.model.eval(), runner.val_dataloader
    with torch.no_grad():
        samples = [sample for batch in loader for sample in model.val_step(batch)]
    predicted = torch.stack([sample.pred_score for sample in samples]).numpy()
    known = torch.stack([sample.gt_score for sample in samples]).numpy()
    assert (known == -1).any()
    expected = multi_label_scores(predicted, known)
    result = runner.val_loop.run()
    for key, value in expected.summary.items():
        assert result[f'multi-label/{key}'] == pytest.approx(value, abs=1e-4), key
