"""What a comparison reads of a run: its predictions, its threshold, the labels it missed."""

import json

import numpy as np
import pytest
from helpers.study_runs import SHORT, make_predictions, write_finished
from helpers.work_dirs import write_run

from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.evaluation import Predictions
from mmpretrain_mlml.study import read_compared_run
from mmpretrain_mlml.study.records.compared_run import names_of_runs

DIGITS = {'train_dataloader.dataset.size': 50, 'train_dataloader.batch_size': 10}


def digit_predictions(images=20):
    random = np.random.default_rng(0)
    scores = random.random((images, 10)).astype(np.float32)
    targets = (random.random((images, 10)) < 0.3).astype(np.int8)
    return Predictions(scores, targets, np.arange(images).astype(str), np.arange(10).astype(str))


def test_a_folder_and_its_file_hold_the_same_predictions(tmp_path):
    folder = write_finished(tmp_path / 'a', '0.4left_hill', **{'val_evaluator.threshold': 0.3})
    from_folder, from_file = map(read_compared_run, (folder, folder / 'predictions.npz'))
    assert (from_folder.predictions.scores == from_file.predictions.scores).all()
    assert from_folder.threshold.tolist() == [0.3] * 80
    assert from_file.threshold == 0.5
    assert (read_compared_run(folder, threshold=0.7).threshold == 0.7).all()
    assert 'instances_train2014.json' in from_folder.why_unknown  # COCO is not here
    assert 'does not say how it was trained' in from_file.why_unknown
    assert read_compared_run(folder, count_missing=False).why_unknown == 'it was not asked for'


def test_what_a_protocol_dropped_was_missing(tmp_path):
    write_run(tmp_path, [], name='digits_0.4left_bce.py', **DIGITS)
    digit_predictions().save(tmp_path / 'predictions.npz')
    found = read_compared_run(tmp_path).missing
    _, full = make_scenes('train', 50)
    before = np.bincount(np.concatenate(full), minlength=10)
    assert ((found >= 0) & (found <= 1)).all()
    assert 0.5 < found @ before / before.sum() < 0.75  # 40 % of the labels are left
    np.testing.assert_allclose(found * before, (found * before).round(), atol=1e-9)


def test_what_the_recovery_hook_counted_comes_first(tmp_path):
    write_run(tmp_path, [], name='digits_full_bce.py', **DIGITS)
    digit_predictions().save(tmp_path / 'predictions.npz')
    assert 'its config drops no label' in read_compared_run(tmp_path).why_unknown
    classes = [str(n) for n in range(10)]
    epoch = {'epoch': 1, 'missing': [3] * 9 + [0]}
    content = {'classes': classes, 'epochs': [epoch], 'labels': {'present': [1] * 9 + [0]}}
    (tmp_path / 'recovery.json').write_text(json.dumps(content))
    found = read_compared_run(tmp_path).missing
    assert found[:9].tolist() == [0.75] * 9
    assert np.isnan(found[9])
    content['classes'] = classes[::-1]
    (tmp_path / 'recovery.json').write_text(json.dumps(content))
    assert 'other classes than the validation' in read_compared_run(tmp_path).why_unknown


def test_runs_without_predictions_say_how_to_make_them(tmp_path):
    write_run(tmp_path / 'a/b', [60, 70], name='coco_0.4left_bce.py', **SHORT)
    with pytest.raises(FileNotFoundError, match=r'tools/test\.py CONFIG .*test_evaluator\.out='):
        read_compared_run(tmp_path / 'a/b')
    with pytest.raises(FileNotFoundError, match=r'a is no run .* there are runs below it: .*a/b'):
        read_compared_run(tmp_path / 'a')
    with pytest.raises(
        FileNotFoundError, match=r'no file or folder .*nowhere: expected a work dir'
    ):
        read_compared_run(tmp_path / 'nowhere')
    make_predictions(0.9).save(tmp_path / 'a/b/predictions.npz')
    with pytest.raises(
        ValueError, match=r'the last validation of the run 70\.00: expected predictions'
    ):
        read_compared_run(tmp_path / 'a/b')
    (tmp_path / 'text.npz').write_text('text')
    with pytest.raises(ValueError, match=r'text\.npz holds no predictions'):
        read_compared_run(tmp_path / 'text.npz')
    make_predictions(0.9).save(tmp_path / 'tested/predictions.npz')  # a folder without a log
    assert 'has no log' in read_compared_run(tmp_path / 'tested').why_unknown


def test_names_of_runs(tmp_path):
    assert list(names_of_runs(['a/run', 'b/run', 'c.npz'])) == ['a/run', 'b/run', 'c']
    assert list(names_of_runs(['x=a', 'b/x'])) == ['x', 'b/x']
    assert [len(paths) for paths in names_of_runs(['x=a', 'x=b', 'c']).values()] == [2, 1]
    (tmp_path / 'lr=1').mkdir()
    assert list(names_of_runs([str(tmp_path / 'lr=1'), 'b'])) == ['lr=1', 'b']
    with pytest.raises(ValueError, match='a is given twice'):
        names_of_runs(['a', 'x=a'])
    with pytest.raises(ValueError, match="expected NAME=RUN, got '=a'"):
        names_of_runs(['=a', 'b'])
