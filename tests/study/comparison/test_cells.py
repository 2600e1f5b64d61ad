"""Runs that make the cells of a table."""

import pytest
from helpers.study_runs import make_record

from mmpretrain_mlml.study.comparison.cells import group_runs, losses_and_lists


def test_runs_that_differ_in_the_seed_are_a_cell():
    cells = group_runs(
        [make_record(70, seed=1), make_record(60, seed=0), make_record(5, loss='SPLC')]
    )
    assert list(cells) == [('BCE', 'full'), ('SPLC', 'full')]
    cell = cells['BCE', 'full']
    assert [run.seed for run in cell.runs] == [0, 1]
    assert cell.values('OF1') == [30, 35]
    assert cell.mean('mAP') == 65
    assert cell.deviation('mAP') == pytest.approx(50**0.5)
    assert cells['SPLC', 'full'].deviation('mAP') is None


def test_a_run_counts_once():
    with pytest.raises(ValueError, match=r'are the same run: BCE, full, seed 0\. Leave one out'):
        group_runs([make_record(70), make_record(60)])


def test_scores_are_of_the_last_validation_or_the_best():
    cell = group_runs([make_record(70, 80, 75)])['BCE', 'full']
    assert cell.values('last') == cell.values('mAP') == [75]
    assert cell.values('best') == [80]
    assert cell.history('OF1') == [[35, 40, 37.5]]


def test_losses_stand_as_in_the_records_and_lists_from_most_to_fewest_labels():
    cells = group_runs(
        make_record(1, loss=loss, labels=labels)
        for loss in ('SPLC', 'BCE')
        for labels in ('single', 'mine', 'full')
    )
    assert losses_and_lists(cells) == (['SPLC', 'BCE'], ['full', 'single', 'mine'])


def test_recovery_is_of_the_last_epoch_and_of_all_runs():
    counted = [{'share': 1.0, 'precision': 90.0}, {'share': 2.0, 'precision': 80.4, 'recall': 31.6}]
    both = [make_record(1, seed=seed, recovery=counted) for seed in (0, 1)]
    cell = group_runs(both)['BCE', 'full']
    assert cell.recovery('recall') == [31.6, 31.6]
    assert cell.recovery('nothing') == []
    mixed = group_runs([both[0], make_record(1, seed=1)])['BCE', 'full']
    assert mixed.recovery('recall') == []
