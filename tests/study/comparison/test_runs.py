"""Any runs beside the first."""

from pathlib import Path

import numpy as np
import pytest
from helpers.study_runs import SKILL, make_predictions, write_finished

from mmpretrain_mlml.study import ComparedRun, compare_runs, read_compared_run, read_record
from mmpretrain_mlml.study.comparison.gains import compare
from mmpretrain_mlml.study.comparison.runs import rank_correlation


def run(skill, seed=0, missing=None, threshold=0.5):
    path = Path(f'{skill}_{seed}')
    return ComparedRun(path, make_predictions(skill, seed), threshold, missing, 'nobody counted')


def test_a_study_and_a_comparison_say_the_same(tmp_path):
    folders = {
        name: [write_finished(tmp_path / f'{name}_{seed}', name, seed) for seed in (0, 1)]
        for name in ('0.4left_bce', '0.4left_hill')
    }
    study = compare(
        [read_record(one) for group in folders.values() for one in group], 'BCE', None, 50
    )
    runs = {name: [read_compared_run(one) for one in group] for name, group in folders.items()}
    (other,) = compare_runs(runs, 50).others
    cell = study['Hill', '0.4left']
    for score in ('mAP', 'OF1'):
        assert other.differences[score] == pytest.approx(cell.differences[score])
        assert other.scores[score] == pytest.approx(cell.mean(score))
    np.testing.assert_allclose(other.gains.values, cell.gains.values)
    np.testing.assert_allclose(other.gains.low, cell.gains.low)


def test_missing_labels_are_those_of_the_first_that_missed_some():
    shares, none = np.linspace(0, 1, 80), np.zeros(80)
    runs = {'full': [run(0.8, missing=none)], 'some': [run(0.3, missing=shares)]}
    found = compare_runs(runs, 5)
    assert found.missing_in == 'some'
    assert (found.missing == shares).all()
    runs = {'some': [run(0.3, missing=shares)], 'review': [run(0.8, missing=shares / 2)]}
    assert compare_runs(runs, 5).missing_in == 'some'
    unknown = compare_runs({'a': [run(0.3)], 'b': [run(0.8)]}, 5)
    assert (unknown.missing, unknown.missing_in) == (None, 'nobody counted')
    assert rank_correlation(unknown, unknown.others[0]) is None


def test_classes_that_missed_more_and_gain_more_are_correlated():
    base = compare_runs({'a': [run(0.3)], 'b': [run(0.6)]}, 5)
    gains = base.others[0].gains.values
    ranks = np.argsort(np.argsort(np.nan_to_num(gains))) / 80
    for missing, expected in ((ranks, 1), (1 - ranks, -1)):
        found = compare_runs({'a': [run(0.3, missing=missing)], 'b': [run(0.6)]}, 5)
        assert rank_correlation(found, found.others[0]) == pytest.approx(expected)
        assert rank_correlation(found, found.reference) is None


def test_one_run_or_other_images_cannot_be_compared():
    with pytest.raises(ValueError, match=r"two runs or more to compare, got \['a'\]"):
        compare_runs({'a': [run(0.3)]})
    fewer = ComparedRun(Path('few'), make_predictions(SKILL['full_bce'], images=60))
    with pytest.raises(ValueError, match=r'0\.3_0 and few were validated on different images'):
        compare_runs({'a': [run(0.3)], 'b': [fewer]})
