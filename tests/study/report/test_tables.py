"""Tables as rows of text."""

from dataclasses import replace

import pytest
from helpers.hostile_names import HOSTILE_NAMES, assert_harmless
from helpers.study_runs import make_record

from mmpretrain_mlml.study.comparison.cells import group_runs
from mmpretrain_mlml.study.report.tables import (
    cell_table,
    gaps_closed,
    markdown_lines,
    markdown_text,
    paper_table,
    study_table,
)


def make_cells(**scores):
    """Cells of one label list by loss, from a list of mAP values for each seed."""
    records = [
        make_record(*values, loss=loss, seed=seed)
        for loss, runs in scores.items()
        for seed, values in enumerate(runs)
    ]
    return {loss: cell for (loss, _), cell in group_runs(records).items()}


def test_the_share_of_the_gap_is_of_the_means_of_the_last_validations():
    cells = make_cells(low=[(0, 60), (99, 70)], high=[(0, 80), (0, 90)], half=[(75,)])
    assert (cells['low'].mean('mAP'), cells['high'].mean('mAP')) == (65, 85)
    assert gaps_closed(cells, 'low', 'high') == {'half': 50}
    assert gaps_closed(make_cells(low=[(5,)], high=[(5,)], x=[(7,)]), 'low', 'high') == {}


def test_cells_stand_below_each_other_with_mean_and_deviation():
    cells = make_cells(low=[(50, 60)], high=[(70, 71.4)], two=[(10, 68), (20, 70)])
    table = cell_table(cells, 'low', 'high')
    assert table == [
        ['', 'mAP', 'OF1', 'mAP gap closed'],
        ['low', '60.0', '30.0', ''],
        ['high', '71.4', '35.7', ''],
        ['two', '69.0 ± 1.4', '34.5 ± 0.7', '79 %'],
    ]


def test_recovery_is_that_of_the_last_epoch():
    counted = [{'share': 1.0, 'precision': 90.0}, {'share': 2.0, 'precision': 80.4, 'recall': 31.6}]
    records = [
        make_record(50, loss='BCE'),
        make_record(60, loss='SPLC', recovery=counted),
        make_record(70, loss='SPLC', seed=1, recovery=counted),
        make_record(80, loss='full', recovery=counted[:1]),  # no label is missing: no recall
    ]
    cells = {loss: cell for (loss, _), cell in group_runs(records).items()}
    header, bce, splc, full = cell_table(cells, 'BCE', 'full')
    assert header[-2:] == ['recovery precision', 'recovery recall']
    assert bce[-2:] == ['', '']
    assert splc[-2:] == ['80 %', '32 %']
    assert full[-2:] == ['90 %', '']


def test_a_study_has_columns_for_lists_and_scores_and_rows_with_content():
    cells = group_runs([make_record(70), make_record(60, loss='SPLC', labels='single')])
    cells['SPLC', 'single'] = replace(
        cells['SPLC', 'single'],
        differences={'mAP': (-1.0, -2.0, 0.5)},
        closed={'OF1': (51.2, 3.0, 99.0)},
    )
    assert study_table(cells, 'BCE') == [
        ['loss', 'full: mAP', 'full: OF1', 'single: mAP', 'single: OF1'],
        ['BCE', '70.00', '35.00', '', ''],
        ['SPLC', '', '', '60.00', '30.00'],
        ['SPLC - BCE', '', '', '-1.00 [-2.00, +0.50]', ''],
        ['SPLC, gap closed', '', '', '', '51 % [3, 99]'],
    ]


@pytest.mark.parametrize(('score', 'expected'), [('best', '74.50'), ('last', '70.00')])
def test_the_table_of_the_paper_counts_the_best_or_the_last_epoch(score, expected):
    runs = [make_record(75, 70, published=(76.0, 'quoted'), labels='single'),
            make_record(74, 70, published=(76.0, 'quoted'), labels='single', seed=1)]  # fmt: skip
    header, row, paper = paper_table(group_runs(runs), score)
    assert header == ['loss', 'single']
    assert row[1].startswith(f'{expected} ± ')
    assert row[1].endswith('(n = 2)')
    assert paper == ['BCE in the paper', '76 (quoted)']


def test_a_table_in_markdown():
    assert markdown_lines([['', 'a'], ['b', '']]) == ['|  | a |', '|---|---|', '| b |  |']


@pytest.mark.parametrize('name', HOSTILE_NAMES)
def test_names_are_data_in_markdown(name):
    """A table keeps its columns, and a name is no markup."""
    records = [make_record(70, loss=loss, labels=name) for loss in ('BCE', name)]
    table = study_table(group_runs(records), name)
    lines = markdown_lines(table)
    assert_harmless('\n'.join(lines))
    assert {line.replace('\\|', '').count('|') for line in lines} == {len(table[0]) + 1}
    assert not {'<', '[', '*'} & set(
        markdown_text(name).replace('\\<', '').replace('\\[', '').replace('\\*', '')
    )
