"""From a work directory to the record of its run."""

import pytest
from helpers.study_runs import SHORT, make_predictions, write_finished
from helpers.work_dirs import write_run
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.study import find_runs, read_record, read_run


def test_a_run_folder_is_read_whoever_ran_it(run_folders, records):
    first = records[0]
    assert (first.loss, first.labels, first.seed) == ('BCE', 'full', 0)
    found = multi_label_scores(first.predictions.scores, first.predictions.targets).summary
    assert first.last('OF1') == pytest.approx(found['OF1'])
    named = read_record(run_folders[0], loss='Base', labels='everything', seed=5)
    assert (named.loss, named.labels, named.seed) == ('Base', 'everything', 5)


def test_nothing_to_collect_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match='no run'):
        find_runs([tmp_path])
    with pytest.raises(FileNotFoundError, match='no folder'):
        find_runs([tmp_path / 'nowhere'])


def test_a_run_without_a_validation_is_left_out(tmp_path):
    write_run(tmp_path, [])
    assert find_runs([tmp_path]) == [tmp_path]
    assert read_run(tmp_path) is None


def test_the_config_of_a_later_test_run_changes_nothing(tmp_path):
    write_run(tmp_path, [70] * 31, '20260101_000000', **{'randomness.seed': 1})
    tested = tmp_path / '20260102_000000/vis_data'
    tested.mkdir(parents=True)
    Config.fromfile(config('coco_single_bce.py')).dump(str(tested / 'config.py'))
    found = read_run(tmp_path)
    assert (found.loss, found.labels, found.seed) == ('SPLC', '0.4left', 1)


def test_a_run_is_complete_when_its_last_epoch_is_validated(tmp_path):
    changes = {'train_cfg.max_epochs': 4, 'train_cfg.val_interval': 2}
    write_run(tmp_path / 'a', [60], first=4, **changes)
    write_run(tmp_path / 'b', [60], first=2, **changes)
    complete = {name: read_run(tmp_path / name).complete for name in 'ab'}
    assert complete == {'a': True, 'b': False}


def test_predictions_of_another_checkpoint_and_unfinished_runs_are_refused(run_folders, tmp_path):
    folder = write_finished(tmp_path / 'a', '0.4left_hill')
    make_predictions(0.9).save(folder / 'predictions.npz')
    with pytest.raises(ValueError, match=r'predictions.npz has mAP .* expected predictions of the'):
        read_record(folder)
    (folder / 'predictions.npz').unlink()
    with pytest.raises(FileNotFoundError, match=r'tools/test\.py CONFIG .*test_evaluator\.out='):
        read_record(folder)
    write_run(tmp_path / 'half', [50], name='coco_full_bce.py', **SHORT)
    with pytest.raises(ValueError, match='half is not finished: 1 of 2'):
        read_record(tmp_path / 'half')
