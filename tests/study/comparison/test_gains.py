"""Differences to the reference, by hand; runs that cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.study_runs import SKILL, make_predictions, write_finished

from mmpretrain_mlml.evaluation import Predictions, average_precision
from mmpretrain_mlml.study import read_record, read_run
from mmpretrain_mlml.study.comparison.bootstrap import draw_counts, interval, resampled_scores
from mmpretrain_mlml.study.comparison.gains import compare


def test_differences_are_paired_over_images_and_mean_over_seeds(records):
    cells = compare(records, 'BCE', 'full', resamples=200)
    counts = draw_counts(120, 200)
    by = {}
    for record in records:
        predictions, key = record.predictions, (record.loss, record.labels)
        moved = resampled_scores(predictions.scores, predictions.targets, counts)['mAP']
        by.setdefault(key, []).append(np.append(record.last('mAP'), moved))
    high, low, hill = (np.mean(by[key], axis=0) for key in (
        ('BCE', 'full'), ('BCE', '0.4left'), ('Hill', '0.4left'))
    )  # fmt: skip
    cell = cells['Hill', '0.4left']
    value, lower, upper = cell.differences['mAP']
    assert value == pytest.approx((hill - low)[0])
    assert (lower, upper) == pytest.approx(interval((hill - low)[1:]))
    assert lower < value < upper
    assert cell.difference_seeds == cell.closed_seeds == [0, 1]
    value, *ends = cell.closed['mAP']
    assert value == pytest.approx(100 * ((hill - low) / (high - low))[0])
    assert ends == pytest.approx(interval(100 * ((hill - low) / (high - low))[1:]))
    assert not cells['BCE', '0.4left'].differences
    gains = cell.gains
    assert (gains.low <= gains.high)[~np.isnan(gains.low)].all()
    ap = {
        (r.loss, r.labels, r.seed): average_precision(r.predictions.scores, r.predictions.targets)
        for r in records
    }
    wanted = np.mean([ap['Hill', '0.4left', s] - ap['BCE', '0.4left', s] for s in (0, 1)], axis=0)
    np.testing.assert_allclose(gains.values, wanted)
    assert np.isnan([gains.values[7], gains.low[7], gains.high[7]]).all()


def test_without_a_seed_in_common_there_is_no_difference(records):
    few = [r for r in records if (r.seed == 0) == (r.loss == 'BCE')]
    cell = compare(few, 'BCE', 'full', resamples=10)['Hill', '0.4left']
    assert not cell.differences
    assert not cell.closed
    assert cell.gains is None


def test_runs_on_other_images_twice_or_without_predictions_are_refused(run_folders, tmp_path):
    folder = write_finished(tmp_path / 'a', '0.4left_hill')
    own = make_predictions(SKILL['0.4left_hill'])
    Predictions(own.scores, own.targets, own.names[::-1], own.classes).save(
        folder / 'predictions.npz'
    )
    mixed = [read_record(run_folders[2]), read_record(folder)]
    with pytest.raises(
        ValueError, match=r'different images or labels \(their names differ in 120 places'
    ):
        compare(mixed, 'BCE', None, resamples=10)
    with pytest.raises(ValueError, match='are the same run'):
        compare([read_record(run_folders[0])] * 2, 'BCE', None, resamples=10)
    with pytest.raises(ValueError, match='was read without its predictions: use read_record'):
        compare([read_run(run_folders[0])], 'BCE', None, resamples=10)


def test_intervals_are_at_the_thresholds_of_the_validation(records):
    chosen = [replace(record, thresholds=('here', 0.3)) for record in records]
    one, other = (compare(runs, 'BCE', None, 20)['Hill', '0.4left'] for runs in (records, chosen))
    assert one.differences['OF1'][1:] != other.differences['OF1'][1:]
    assert one.differences['mAP'] == other.differences['mAP']
    wrong = [replace(record, thresholds=('here', [0.3, 0.2])) for record in records]
    with pytest.raises(ValueError, match='here: expected thresholds, one number'):
        compare(wrong, 'BCE', None, 20)
