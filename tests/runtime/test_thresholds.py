"""Which thresholds count, of those that a flag, a config and a checkpoint state."""

import json

import numpy as np
import pytest

from mmpretrain_mlml.evaluation import write_thresholds
from mmpretrain_mlml.metrics.multi_label_scores import MultiLabelScores
from mmpretrain_mlml.runtime.thresholds import conflict, resolve_thresholds

CLASSES = ['ant', 'bee']
STORED = {'classes': CLASSES, 'thresholds': [0.1, 0.2]}
EVALUATOR = {'test_evaluator': {'type': 'mmpretrain_mlml.MultiLabelScores', 'threshold': 0.3}}
BY_CLASS = {'test_evaluator': {'type': MultiLabelScores, 'threshold': 0.3}}
HEAD = {'model': {'head': {'thr': 0.4}}}
SHIPPED = {
    'model': {'head': {'thr': 0.5}},
    'test_evaluator': {'type': 'mmpretrain_mlml.MultiLabelScores'},
}


@pytest.mark.parametrize(
    ('config', 'given', 'stored', 'expected', 'source'),
    [
        ({}, None, None, [0.5, 0.5], 'default'),
        (SHIPPED, None, None, [0.5, 0.5], 'default'),
        (SHIPPED, None, STORED, [0.1, 0.2], 'best.pth'),
        (HEAD, None, STORED, [0.4, 0.4], 'model.head.thr'),
        ({'model': {'module': HEAD['model']}}, None, None, [0.4, 0.4], 'model.head.thr'),
        (HEAD | EVALUATOR, None, STORED, [0.3, 0.3], 'test_evaluator.threshold'),
        (BY_CLASS, None, STORED, [0.3, 0.3], 'test_evaluator.threshold'),
        (HEAD | EVALUATOR | {'thresholds': [0.6, 0.7]}, None, STORED, [0.6, 0.7], 'thresholds'),
        (EVALUATOR | {'thresholds': 0.6}, '0.8', STORED, [0.8, 0.8], '--thresholds'),
        (EVALUATOR, 0, STORED, [0, 0], '--thresholds'),
        (EVALUATOR, STORED, None, [0.1, 0.2], '--thresholds'),
    ],
)
def test_flag_config_checkpoint_default(config, given, stored, expected, source):
    found = resolve_thresholds(CLASSES, config, given=given, stored=stored, model='best.pth')
    assert found.values.tolist() == expected
    assert found.source == source
    assert found.stated == (source != 'default')
    assert found.overrides == (source in ('thresholds', '--thresholds'))


def test_a_file_is_read_wherever_it_is_named(tmp_path):
    path = tmp_path / 'thresholds.json'
    write_thresholds(path, CLASSES, [0.1, 0.2])
    for config, given in (({'thresholds': str(path)}, None), ({}, path), ({}, str(path))):
        np.testing.assert_array_equal(
            resolve_thresholds(CLASSES, config, given=given).values, [0.1, 0.2]
        )
    path.write_text(json.dumps({**STORED, 'input': {}}))  # model.json of an export
    assert resolve_thresholds(CLASSES, given=path).values.tolist() == [0.1, 0.2]
    assert resolve_thresholds(2, given=path).values.tolist() == [0.1, 0.2]


@pytest.mark.parametrize('given', [[0.1], [0.1, 0.2, 0.3], 1.5, -0.1, 'nan', [[0.1, 0.2]], {}])
def test_what_does_not_fit_is_refused_in_one_line(given):
    for arguments in ({'given': given}, {'cfg': {'thresholds': given}}, {'stored': given}):
        with pytest.raises(ValueError, match=r'^(--thresholds|thresholds|best\.pth)') as caught:
            resolve_thresholds(CLASSES, **arguments, model='best.pth')
        assert '\n' not in str(caught.value)


def test_other_classes_and_missing_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r'^best\.pth .* differ in bee, cat'):
        resolve_thresholds(['ant', 'cat'], stored=STORED, model='best.pth')
    with pytest.raises(ValueError, match='another order'):
        resolve_thresholds(['bee', 'ant'], given=STORED)
    with pytest.raises(ValueError, match='2 classes, expected 3'):
        resolve_thresholds(3, given=STORED)
    with pytest.raises(FileNotFoundError, match=r'no\.json'):
        resolve_thresholds(CLASSES, given=tmp_path / 'no.json')
    (tmp_path / 'weights.pth').write_bytes(b'\x80\x02')
    with pytest.raises(ValueError, match=r'weights\.pth is no JSON'):
        resolve_thresholds(CLASSES, given=tmp_path / 'weights.pth')


def test_evaluator_and_head_that_differ_are_named():
    assert 'test_evaluator.threshold is 0.3 and model.head.thr 0.4' in conflict(EVALUATOR | HEAD)
    assert conflict(EVALUATOR | SHIPPED['model']) is None
    assert conflict(EVALUATOR | HEAD | {'thresholds': 0.5}) is None


def test_it_says_which_and_from_where():
    assert str(resolve_thresholds(CLASSES)) == '0.5 (default)'
    text = str(resolve_thresholds(CLASSES, stored=STORED, model='best.pth'))
    assert text == '0.1 to 0.2, one for each class (best.pth)'
