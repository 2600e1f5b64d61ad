"""Runs on the same resamples, and what one gains over the other in each class."""

import numpy as np
import pytest
from helpers.study_runs import make_predictions

from mmpretrain_mlml.evaluation import Predictions, average_precision, multi_label_scores
from mmpretrain_mlml.study.comparison.bootstrap import draw_counts
from mmpretrain_mlml.study.comparison.paired import Resampled, class_gains, require_same_images


@pytest.fixture(scope='module')
def pair():
    counts = draw_counts(120, 60, seed=2)
    runs = [make_predictions(skill) for skill in (0.6, 0.3)]
    return runs, counts, [Resampled.of(run, counts) for run in runs]


def test_gains_of_classes_by_hand(pair):
    (one, other), counts, (here, there) = pair
    gains = class_gains([here], [there])
    first, second = (average_precision(run.scores, run.targets) for run in (one, other))
    np.testing.assert_allclose(gains.values, first - second)
    moved = []
    for row in counts:
        drawn = np.repeat(np.arange(120), row)
        a, b = (average_precision(run.scores[drawn], run.targets[drawn]) for run in (one, other))
        moved.append(a - b)
    low, high = np.nanpercentile(np.delete(moved, 7, axis=1), [2.5, 97.5], axis=0)
    np.testing.assert_allclose(np.delete(gains.low, 7), low, atol=1e-9)
    np.testing.assert_allclose(np.delete(gains.high, 7), high, atol=1e-9)
    assert np.isnan([gains.values[7], gains.low[7], gains.high[7]]).all()  # it does not occur
    assert (gains.sign == np.where(gains.low > 0, 1, 0) - np.where(gains.high < 0, 1, 0)).all()
    assert (gains.sign == 1).sum() > 10


def test_a_run_gains_nothing_over_itself(pair):
    gains = class_gains([pair[2][0]], [pair[2][0]])
    for values in (gains.values, gains.low, gains.high):
        assert np.nanmax(abs(values)) == 0
    assert not gains.sign.any()


def test_scores_take_the_threshold_of_each_class(pair):
    run, counts = pair[0][0], pair[1]
    thresholds = np.linspace(0.2, 0.9, 80)
    found = Resampled.of(run, counts, thresholds).scores['OF1']
    drawn = np.repeat(np.arange(120), counts[3])
    for position, rows in ((0, np.arange(120)), (4, drawn)):
        summary = multi_label_scores(run.scores[rows], run.targets[rows], thresholds).summary
        assert found[position] == pytest.approx(summary['OF1'])


def test_where_two_runs_differ_is_said():
    one = make_predictions(0.5)
    names = one.names.copy()
    names[[3, 5]] = names[[5, 3]]
    swapped = Predictions(one.scores, one.targets, names, one.classes)
    expected = (
        r"a and b were .* \(their names differ in 2 places; number 3 is '3.jpg' and '5.jpg'\)"
    )
    with pytest.raises(ValueError, match=expected):
        require_same_images(one, swapped, 'a', 'b')
    fewer = Predictions(
        *(array[:100] for array in (one.scores, one.targets, one.names)), one.classes
    )
    with pytest.raises(ValueError, match=r'their names differ, 120 and 100\)'):
        require_same_images(one, fewer, 'a', 'b')
    other = Predictions(one.scores, 1 - one.targets, one.names, one.classes)
    with pytest.raises(ValueError, match=r'their targets differ in 9600 entries\)'):
        require_same_images(one, other, 'a', 'b')
