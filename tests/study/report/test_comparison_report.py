"""The report of a comparison: its text, its numbers, its figure."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.hostile_names import HOSTILE_NAMES, assert_harmless
from helpers.study_runs import CLASSES, make_predictions

from mmpretrain_mlml.evaluation import Predictions
from mmpretrain_mlml.study import ComparedRun, compare_runs, write_comparison
from mmpretrain_mlml.study.report.comparison_markdown import class_table, comparison_text
from mmpretrain_mlml.study.report.comparison_report import comparison_json, draw_comparison


def compared(missing=None, classes=None, names=('BCE', 'Hill')):
    runs = {}
    for name, skill in zip(names, (0.3, 0.5)):
        found = make_predictions(skill)
        own = found.classes if classes is None else np.array(classes)
        predictions = Predictions(found.scores, found.targets, found.names, own)
        runs[name] = [ComparedRun(Path(name), predictions, 0.5, missing, 'nobody counted')]
    return compare_runs(runs, 40)


@pytest.fixture(scope='module')
def comparison():
    return compared(np.linspace(0.1, 0.9, CLASSES))


def test_the_text_says_what_gains(comparison):
    text, group = comparison_text(comparison), comparison.others[0]
    value, low, high = group.differences['mAP']
    assert f'{value:+.2f} [{low:+.2f}, {high:+.2f}]' in text
    above, below = ((group.gains.sign == sign).sum() for sign in (1, -1))
    assert f'**Hill, interval above 0: {above} of 79 classes**: class ' in text
    assert f'**Hill, interval below 0: {below} of 79 classes**' in text
    assert f' and {above - 10} more' in text
    assert 'about 2.0 classes would gain, and as many lose, by chance' in text
    assert 'On average 50 % of the labels of a class were missing in training (BCE)' in text
    assert 'Rank correlation of gain and missing share: Hill: ' in text
    assert 'is not known: nobody counted.' in comparison_text(compared())


def test_the_table_has_a_row_for_each_class_that_occurs(comparison):
    header, *rows = class_table(comparison)
    assert header == ['class', 'positives', 'missing in training', 'BCE', 'Hill', 'gain']
    assert len(rows) == CLASSES - 1
    gains = [float(row[-1].split()[0]) for row in rows]
    assert gains == sorted(gains, reverse=True)
    index = int(rows[0][0].split()[1])
    assert rows[0][2] == f'{100 * comparison.missing[index]:.0f} %'


def test_the_files_hold_the_same_numbers(comparison, tmp_path):
    files = write_comparison(comparison, tmp_path / 'new/hill.v1')
    assert [file.name for file in files] == ['hill.v1.md', 'hill.v1.json', 'hill.v1.png']
    content = json.loads(files[1].read_text())
    group = comparison.others[0]
    assert content['runs'][1]['differences']['mAP']['value'] == group.differences['mAP'][0]
    assert content['runs'][1]['class_gains']['class 3'] == round(float(group.gains.values[3]), 3)
    assert 'class 7' not in content['runs'][1]['class_gains']  # it does not occur
    assert (
        content['runs'][1]['class_gain_intervals']['class 3'][0]
        < (content['runs'][1]['class_gains']['class 3'])
    )
    assert content['runs'][0]['class_gains'] == {}
    assert cv2.imread(str(files[2])).std() > 5
    assert '## All classes' in files[0].read_text()


def test_the_figure_has_a_second_panel_where_missing_labels_are_known(comparison):
    assert len(draw_comparison(comparison).axes) == 2
    assert len(draw_comparison(compared()).axes) == 1


def test_thousands_of_classes_make_a_figure_of_bounded_size():
    random = np.random.default_rng(0)
    targets = (random.random((30, 1500)) < 0.2).astype(np.int8)
    arrays = np.arange(30).astype(str), np.arange(1500).astype(str)
    runs = {
        name: [ComparedRun(Path(name), Predictions(random.random(targets.shape), targets, *arrays))]
        for name in 'ab'
    }
    figure = draw_comparison(compare_runs(runs, 3))
    assert figure.get_size_inches()[1] < 20
    assert len(figure.axes[0].get_yticks()) == 100


def test_names_are_data(tmp_path):
    classes = [HOSTILE_NAMES[n % len(HOSTILE_NAMES)].replace('\ud800', '') for n in range(CLASSES)]
    found = compared(np.full(CLASSES, 0.5), classes, ('a|b', '$x\x1b[31m'))
    text = write_comparison(found, tmp_path / 'out')[0].read_text()
    assert_harmless(text)
    assert '<script>' not in text.replace(r'\<script>', '')
    assert r'a\|b' in text
    json.dumps(comparison_json(found))
