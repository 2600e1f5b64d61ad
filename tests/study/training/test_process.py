"""One process of a study: real, but doing little."""

import time

import pytest
from helpers.study_runs import little_run, read_out_log

from mmpretrain_mlml.study import train
from mmpretrain_mlml.study.training.process import RunProcess


def test_a_run_that_starts_anew_leaves_nothing_of_the_one_before(tmp_path):
    (tmp_path / 'a').mkdir()
    for name in ('predictions.npz', 'recovery.json'):
        (tmp_path / 'a' / name).touch()
    train([little_run('a')], tmp_path, jobs=1)
    assert not list(tmp_path.glob('a/*.npz')) + list(tmp_path.glob('a/rec*'))


def test_the_process_of_a_killed_study_is_waited_for(tmp_path):
    orphan = RunProcess(little_run('a', 'import time; time.sleep(2)'), tmp_path / 'a', resume=False)
    assert orphan.start({})
    again = RunProcess(little_run('a', 'print("again")'), tmp_path / 'a', resume=True)
    assert not again.start({})
    assert again.phase == 'elsewhere'
    assert orphan.process.wait() == 0
    assert again.start({})
    assert again.process.wait() == 0
    assert read_out_log(tmp_path, 'a') == 'again\n'


def test_a_run_that_another_study_has_finished_meanwhile_is_not_run_again(tmp_path):
    other = RunProcess(little_run('a', 'import time; time.sleep(1)'), tmp_path / 'a', resume=False)
    assert other.start({})
    mine = RunProcess(little_run('a', 'print("again")'), tmp_path / 'a', resume=True)
    assert not mine.start({})
    other.process.wait()
    other.update()  # as its own study does
    assert not mine.start({})
    assert mine.phase == 'done'
    late = RunProcess(
        little_run('a', 'print("again")'), tmp_path / 'a', resume=True
    )  # never saw it running
    assert not late.start({})
    assert late.phase == 'done'


def test_the_pace_is_that_from_step_to_step_not_of_the_start(tmp_path, monkeypatch):
    process = RunProcess(little_run('a'), tmp_path / 'a', resume=False)
    process.start({})
    process.process.wait()
    process.process.poll = lambda: None
    for now, step in ((40, 10), (41, 20), (43, 40), (44, 40)):
        monkeypatch.setattr(process, 'log', lambda step=step: f'Epoch(train) [1][{step}/40]')
        monkeypatch.setattr(time, 'monotonic', lambda now=now: process._started + now)
        process.update()
    assert process.pace == pytest.approx(
        3 / (0.75 / 3)
    )  # 3 s for three quarters of one of 3 epochs
