"""Processes of a study: real ones, that do little."""

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass

import pytest

from mmpretrain_mlml.runtime import threads
from mmpretrain_mlml.study import Run, RunsFailed, train, training
from mmpretrain_mlml.study.display import seconds_left
from mmpretrain_mlml.study.runs import condition, read_note
from mmpretrain_mlml.study.task import Task


@dataclass(frozen=True)
class Little(Run):
    """A run whose process is a line of Python."""

    code: str = 'pass'

    def command(self, folder, resume):
        return [sys.executable, '-c', self.code, *(['--resume'] if resume else [])]


def little(name, code='pass', **kwargs):
    return Little(name, 'digits_full_bce.py', name, **kwargs, code=code)


def said(folder, name):
    return (folder / name / 'out.log').read_text()


def test_a_run_that_fails_is_named_with_its_log_after_the_others_are_done(tmp_path):
    runs = [little('bad', 'raise OSError("no disk")'), little('good', 'print("fine")')]
    with pytest.raises(RunsFailed, match=rf'bad failed: see {tmp_path}/bad/out.log[\s\S]*no disk'):
        train(runs, tmp_path, jobs=1, go_on=True)
    assert said(tmp_path, 'good') == 'fine\n'
    assert read_note(tmp_path / 'good')['finished']
    assert not read_note(tmp_path / 'bad')['finished']


def test_what_is_finished_is_not_run_again_and_what_was_begun_goes_on(tmp_path):
    code = 'import sys; print(sys.argv[1:]); sys.exit(len(sys.argv) == 1)'
    runs = [little('good'), little('begun', code)]
    with pytest.raises(RunsFailed):
        train(runs, tmp_path, jobs=2, go_on=True)
    before = (tmp_path / 'good/out.log').stat().st_mtime_ns
    train(runs, tmp_path, jobs=2, go_on=True)
    assert said(tmp_path, 'begun') == "[]\n['--resume']\n"
    assert (tmp_path / 'good/out.log').stat().st_mtime_ns == before
    train(runs[:1], tmp_path, jobs=2)  # anew
    assert (tmp_path / 'good/out.log').stat().st_mtime_ns > before


def test_a_finished_run_is_not_taken_for_one_of_another_config(tmp_path):
    run = little('a')
    train([run], tmp_path, jobs=1)
    (tmp_path / 'a/epoch_1.pth').touch()
    other = little('a', options=('randomness.seed=1',))
    assert condition(tmp_path / 'a', other.fingerprint) == 'other'
    with pytest.raises(ValueError, match=r'another config: a\. Undo the change'):
        train([little('b'), other], tmp_path, jobs=1, go_on=True)
    assert not (tmp_path / 'b').exists()
    assert condition(tmp_path / 'a', run.fingerprint) == 'finished'
    (tmp_path / 'a/run.json').unlink()
    assert condition(tmp_path / 'a', run.fingerprint) == 'other'  # of unknown origin
    (tmp_path / 'a/epoch_1.pth').unlink()
    (tmp_path / 'a/predictions.npz').touch()
    assert (
        condition(tmp_path / 'a', run.fingerprint) == 'other'
    )  # checkpoints were removed to save space
    (tmp_path / 'a/predictions.npz').unlink()
    assert condition(tmp_path / 'a', run.fingerprint) == 'new'  # nothing to lose
    (tmp_path / 'a/run.json').write_text('{"finger')
    with pytest.raises(ValueError, match=rf'{tmp_path}/a/run\.json is damaged: .* to run it anew'):
        condition(tmp_path / 'a', run.fingerprint)


def test_a_run_that_starts_anew_leaves_nothing_of_the_one_before(tmp_path):
    (tmp_path / 'a').mkdir()
    for name in ('predictions.npz', 'recovery.json'):
        (tmp_path / 'a' / name).touch()
    train([little('a')], tmp_path, jobs=1)
    assert not list(tmp_path.glob('a/*.npz')) + list(tmp_path.glob('a/rec*'))


def test_at_least_one_job(tmp_path):
    with pytest.raises(ValueError, match='expected one job or more, got 0'):
        train([little('a')], tmp_path, jobs=0)


def test_the_process_of_a_killed_study_is_waited_for(tmp_path):
    orphan = Task(little('a', 'import time; time.sleep(2)'), tmp_path / 'a', go_on=False)
    assert orphan.start({})
    again = Task(little('a', 'print("again")'), tmp_path / 'a', go_on=True)
    assert not again.start({})
    assert again.phase == 'elsewhere'
    assert orphan.process.wait() == 0
    assert again.start({})
    assert again.process.wait() == 0
    assert said(tmp_path, 'a') == 'again\n'


def test_a_run_that_another_study_has_finished_meanwhile_is_not_run_again(tmp_path):
    other = Task(little('a', 'import time; time.sleep(1)'), tmp_path / 'a', go_on=False)
    assert other.start({})
    mine = Task(little('a', 'print("again")'), tmp_path / 'a', go_on=True)
    assert not mine.start({})
    other.process.wait()
    other.look()  # as its own study does
    assert not mine.start({})
    assert mine.phase == 'done'
    late = Task(little('a', 'print("again")'), tmp_path / 'a', go_on=True)  # never saw it running
    assert not late.start({})
    assert late.phase == 'done'


SAVES = """
import signal, sys, time
def stop(*_):
    print('saved'); sys.exit(143)
signal.signal(signal.SIGTERM, stop)
print('ready', flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize('sent', [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_stops_its_processes_properly(sent, tmp_path):
    def stop():
        while not all((tmp_path / n / 'out.log').is_file() and said(tmp_path, n) for n in 'ab'):
            time.sleep(0.1)
        os.kill(os.getpid(), sent)

    thread = threading.Thread(target=stop)
    before = signal.getsignal(signal.SIGTERM)
    # a shell starts what runs in its background with SIGINT ignored
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            train([little(name, SAVES) for name in 'abc'], tmp_path, jobs=2, go_on=True)
        thread.join()
    finally:
        signal.signal(signal.SIGINT, interrupted)
    assert said(tmp_path, 'a') == said(tmp_path, 'b') == 'ready\nsaved\n'
    assert not (tmp_path / 'c').exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_each_process_has_one_gpu_and_its_share_of_the_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(training, 'gpu_names', lambda: ['3', '7'])
    monkeypatch.setattr(threads, 'cpu_count', lambda: 6)
    for name in threads.COUNTS:
        monkeypatch.delenv(name, raising=False)
    code = (
        'import os, time; e = os.environ; print(e["CUDA_VISIBLE_DEVICES"], e["OMP_NUM_THREADS"]);'
        'time.sleep(1)'
    )
    train([little(name, code) for name in 'abc'], tmp_path, jobs=2)
    first, second, third = (said(tmp_path, name) for name in 'abc')
    assert {first, second} == {'3 3\n', '7 3\n'}
    assert third in (first, second)


def test_progress_comes_from_the_log_and_the_time_left_from_the_pace(tmp_path):
    lines = ['Epoch(train) [1][ 10/40]  lr: 1', 'Epoch(train)   [2][20/40]  lr: 1']
    code = f'import time; print({lines[0]!r}, flush=True); time.sleep(.7); print({lines[1]!r})'
    task = Task(little('a', code), tmp_path / 'a', go_on=False)
    assert seconds_left([task], 1) is None
    task.start({})
    task.process.wait()
    log = task.log()
    task.process.poll = lambda: None  # as if it went on
    task.look()
    assert log.splitlines() == lines
    assert (task.state, task.done) == ('epoch 2 of 3', pytest.approx(0.5))
    assert task.pace == pytest.approx(2 * task.seconds)
    waiting = [Task(little(name), tmp_path / name, go_on=False) for name in 'bcd']
    assert seconds_left([task, *waiting], 2) == pytest.approx(3.5 / 2 * task.pace)
    assert seconds_left([task], 2) == pytest.approx(0.5 * task.pace)  # one cannot be shared out


def test_the_pace_is_that_from_step_to_step_not_of_the_start(tmp_path, monkeypatch):
    task = Task(little('a'), tmp_path / 'a', go_on=False)
    task.start({})
    task.process.wait()
    task.process.poll = lambda: None
    for now, step in ((40, 10), (41, 20), (43, 40), (44, 40)):
        monkeypatch.setattr(task, 'log', lambda step=step: f'Epoch(train) [1][{step}/40]')
        monkeypatch.setattr(time, 'monotonic', lambda now=now: task._started + now)
        task.look()
    assert task.pace == pytest.approx(3 / (0.75 / 3))  # 3 s for three quarters of one of 3 epochs
