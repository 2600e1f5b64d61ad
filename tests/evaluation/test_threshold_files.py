"""Thresholds as a file."""

import json

import numpy as np
import pytest

from mmpretrain_mlml.evaluation import read_thresholds, write_thresholds


def test_writing_and_reading_are_inverse(tmp_path):
    path = tmp_path / 'deeper/thresholds.json'
    values = np.random.default_rng(0).random(2)
    write_thresholds(path, ['ant', 'ü; "bee'], values, {'goal': 'micro_f1'})
    found, classes = read_thresholds(path, ['ant', 'ü; "bee'])
    np.testing.assert_array_equal(found, values)
    assert classes == ('ant', 'ü; "bee')
    assert json.loads(path.read_text())['goal'] == 'micro_f1'
    with pytest.raises(FileExistsError, match='exists'):
        write_thresholds(path, ['ant'], [0.5])


@pytest.mark.parametrize(
    ('classes', 'message'),
    [(['ant', 'cat'], 'differ in bee, cat'), (['bee', 'ant'], 'another order'), (['ant'], 'bee')],
)
def test_thresholds_for_other_classes_are_refused(tmp_path, classes, message):
    path = tmp_path / 'thresholds.json'
    write_thresholds(path, ['ant', 'bee'], [0.2, 0.3])
    with pytest.raises(ValueError, match=message):
        read_thresholds(path, classes)


@pytest.mark.parametrize(
    'text',
    ['', '[]', '{"classes": ["ant"]}', '{"classes": ["ant"], "thresholds": [2]}',
     '{"classes": ["ant"], "thresholds": [0.1, 0.2]}', '{"classes": 3, "thresholds": []}',
     '{"classes": ["ant"], "thresholds": ["x"]}', '{"classes": ["ant"], "thresholds": [NaN]}'],
)  # fmt: skip
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / 'other.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=r'other\.json'):
        read_thresholds(path)


def test_nothing_is_written_of_bad_thresholds(tmp_path):
    with pytest.raises(ValueError, match='each of 2 classes'):
        write_thresholds(tmp_path / 'thresholds.json', ['ant', 'bee'], [0.5])
    assert not list(tmp_path.iterdir())
