"""The table of classes after validations and tests."""

import csv

from helpers.runners import VALIDATION, make_runner

from mmpretrain_mlml.metrics.score_tables import COLUMNS

METRIC = {'type': 'mmpretrain_mlml.MultiLabelScores', 'classwise': True}
HOOK = {'type': 'mmpretrain_mlml.ClassTableHook'}


def rows(path):
    with path.open(newline='') as file:
        return list(csv.reader(file))


def test_validations_and_tests_leave_a_table_each(tmp_path):
    test = {'test_dataloader': VALIDATION['val_dataloader'], 'test_evaluator': [METRIC]}
    runner = make_runner(
        tmp_path, custom_hooks=[HOOK], train_cfg={'max_epochs': 2},
        **{**VALIDATION, 'val_evaluator': [METRIC, {**METRIC, 'threshold': 0.4, 'prefix': 'low'}]},
        **test,
    )  # fmt: skip
    runner.train()
    runner.test()
    (data,) = tmp_path.glob('*/vis_data')
    names = sorted(path.name for path in data.glob('*.csv'))
    expected = [f'val_classes{which}_{step}.csv' for which in ('', '_2') for step in (1, 2)]
    assert names == sorted([*expected, 'test_classes_0.csv'])
    header, *lines = rows(data / 'val_classes_2_1.csv')
    assert header == ['class', *COLUMNS]
    assert [line[0] for line in lines] == [str(digit) for digit in range(10)]
    assert {line[4] for line in lines} == {'0.4'}


def test_without_a_table_nothing_is_written(tmp_path):
    make_runner(tmp_path, custom_hooks=[HOOK], train_cfg={'max_epochs': 1}, **VALIDATION).train()
    assert not list(tmp_path.rglob('*.csv'))
