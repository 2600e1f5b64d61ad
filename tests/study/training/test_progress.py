"""What a person is output while runs train."""

import pytest
from helpers.study_runs import little_run

from mmpretrain_mlml.study.training.process import RunProcess
from mmpretrain_mlml.study.training.progress import seconds_left


def test_progress_comes_from_the_log_and_the_time_left_from_the_pace(tmp_path):
    lines = ['Epoch(train) [1][ 10/40]  lr: 1', 'Epoch(train)   [2][20/40]  lr: 1']
    code = f'import time; print({lines[0]!r}, flush=True); time.sleep(.7); print({lines[1]!r})'
    process = RunProcess(little_run('a', code), tmp_path / 'a', resume=False)
    assert seconds_left([process], 1) is None
    process.start({})
    process.process.wait()
    log = process.log()
    process.process.poll = lambda: None  # as if it went on
    process.update()
    assert log.splitlines() == lines
    assert (process.state, process.done) == ('epoch 2 of 3', pytest.approx(0.5))
    assert process.pace == pytest.approx(2 * process.seconds)
    waiting = [RunProcess(little_run(name), tmp_path / name, resume=False) for name in 'bcd']
    assert seconds_left([process, *waiting], 2) == pytest.approx(3.5 / 2 * process.pace)
    assert seconds_left([process], 2) == pytest.approx(
        0.5 * process.pace
    )  # one cannot be shared out
