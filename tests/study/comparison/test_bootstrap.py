"""The bootstrap against brute force, and against SciPy's."""

import time

import numpy as np
import pytest
from scipy import stats

from mmpretrain_mlml.evaluation import average_precision, multi_label_scores
from mmpretrain_mlml.study.comparison.bootstrap import draw_counts, interval, resampled_scores


def predictions(seed, images=60, classes=5, decimals=1):
    """With equal scores, unknown entries, a rare class and one without positives."""
    random = np.random.default_rng(seed)
    targets = (random.random((images, classes)) < 0.3).astype(int)
    targets[random.random(targets.shape) < 0.1] = -1
    targets[:, 1] = 0
    targets[:, 2] = 0
    targets[7, 2] = 1
    scores = (targets + random.random(targets.shape)) / 2
    return scores.round(decimals), targets


def by_hand(scores, targets, counts):
    """Every resample written out, and scored by the package's own arithmetic."""
    found = {'mAP': [], 'OF1': [], 'AP': []}
    occurring = (targets == 1).any(0)
    for row in counts:
        drawn = np.repeat(np.arange(len(scores)), row)
        ap = average_precision(scores[drawn], targets[drawn])
        found['AP'].append(ap)
        found['mAP'].append(occurring.mean() * np.nanmean(ap[occurring]))
        found['OF1'].append(multi_label_scores(scores[drawn], targets[drawn]).summary['OF1'])
    return found


@pytest.mark.parametrize('decimals', [1, 12])
def test_each_resample_scores_as_if_written_out(decimals):
    scores, targets = predictions(0, decimals=decimals)
    counts = draw_counts(len(scores), 50)
    assert (counts[:, 7] == 0).any()  # the only positive of its class not drawn
    found = resampled_scores(scores, targets, counts)
    expected = by_hand(scores, targets, counts)
    np.testing.assert_allclose(found['mAP'], expected['mAP'], atol=1e-9)
    np.testing.assert_allclose(found['OF1'], expected['OF1'], atol=1e-9)
    np.testing.assert_allclose(found['AP'], expected['AP'], atol=1e-9)
    assert np.isnan(found['AP'][counts[:, 7] == 0, 2]).all()


def test_all_images_once_give_the_scores_themselves():
    scores, targets = predictions(1)
    found = resampled_scores(scores, targets, np.ones((1, len(scores)), int))
    summary = multi_label_scores(scores, targets).summary
    assert found['mAP'] == pytest.approx(summary['mAP'])
    assert found['OF1'] == pytest.approx(summary['OF1'])


def test_without_any_positive_the_scores_are_zero():
    found = resampled_scores(np.ones((3, 2)), np.zeros((3, 2)), draw_counts(3, 4))
    assert found['mAP'].tolist() == found['OF1'].tolist() == [0, 0, 0, 0]


def test_the_interval_of_a_paired_difference_is_scipys():
    (one, targets), (other, _) = predictions(2), predictions(3)
    targets[0] = 1  # no class without positives
    counts = draw_counts(len(one), 1000, seed=4)
    first, second = (resampled_scores(s, targets, counts)['OF1'] for s in (one, other))

    def difference(rows):
        a, b = (multi_label_scores(s[rows], targets[rows]).summary['OF1'] for s in (one, other))
        return a - b

    expected = stats.bootstrap(
        (np.arange(len(one)),), difference, n_resamples=1000, method='percentile',
        vectorized=False, rng=np.random.default_rng(4),
    ).confidence_interval  # fmt: skip
    assert interval(first - second) == pytest.approx(tuple(expected), abs=1e-9)


def test_a_draw_is_of_as_many_images_and_follows_from_its_seed():
    counts = draw_counts(30, 20, seed=1)
    assert (counts.sum(1) == 30).all()
    assert (counts == draw_counts(30, 20, seed=1)).all()
    assert (counts != draw_counts(30, 20, seed=2)).any()


def test_counts_of_other_images_are_refused():
    scores, targets = predictions(0)
    with pytest.raises(ValueError, match='expected counts of 60 images, got 59'):
        resampled_scores(scores, targets, draw_counts(59, 3))


def test_a_thousand_resamples_of_1200_images_and_80_classes_take_seconds():
    scores, targets = predictions(5, 1200, 80, decimals=12)
    counts = draw_counts(1200)
    start = time.process_time()
    resampled_scores(scores, targets, counts)
    assert time.process_time() - start < 30
