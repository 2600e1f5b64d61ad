"""Processes of a study: real ones, that do little."""

import os
import signal
import threading
import time

import pytest
from helpers.study_runs import DIGITS_SMALL, little_run, read_out_log

from mmpretrain_mlml.runtime import threads
from mmpretrain_mlml.study import Run, RunsFailed, read_scores, train
from mmpretrain_mlml.study.run_folder import read_run_json
from mmpretrain_mlml.study.training import pool


def test_a_run_that_fails_is_named_with_its_log_after_the_others_are_done(tmp_path):
    runs = [little_run('bad', 'raise OSError("no disk")'), little_run('good', 'print("fine")')]
    with pytest.raises(RunsFailed, match=rf'bad failed: see {tmp_path}/bad/out.log[\s\S]*no disk'):
        train(runs, tmp_path, jobs=1, resume=True)
    assert read_out_log(tmp_path, 'good') == 'fine\n'
    assert read_run_json(tmp_path / 'good')['finished']
    assert not read_run_json(tmp_path / 'bad')['finished']


def test_what_is_finished_is_not_run_again_and_what_was_begun_goes_on(tmp_path):
    code = 'import sys; print(sys.argv[1:]); sys.exit(len(sys.argv) == 1)'
    runs = [little_run('good'), little_run('begun', code)]
    with pytest.raises(RunsFailed):
        train(runs, tmp_path, jobs=2, resume=True)
    before = (tmp_path / 'good/out.log').stat().st_mtime_ns
    train(runs, tmp_path, jobs=2, resume=True)
    assert read_out_log(tmp_path, 'begun') == "[]\n['--resume']\n"
    assert (tmp_path / 'good/out.log').stat().st_mtime_ns == before
    train(runs[:1], tmp_path, jobs=2)  # anew
    assert (tmp_path / 'good/out.log').stat().st_mtime_ns > before


def test_at_least_one_job(tmp_path):
    with pytest.raises(ValueError, match='expected one job or more, got 0'):
        train([little_run('a')], tmp_path, jobs=0)


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
        while not all(
            (tmp_path / n / 'out.log').is_file() and read_out_log(tmp_path, n) for n in 'ab'
        ):
            time.sleep(0.1)
        os.kill(os.getpid(), sent)

    thread = threading.Thread(target=stop)
    before = signal.getsignal(signal.SIGTERM)
    # a shell starts what runs in its background with SIGINT ignored
    interrupted = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            train([little_run(name, SAVES) for name in 'abc'], tmp_path, jobs=2, resume=True)
        thread.join()
    finally:
        signal.signal(signal.SIGINT, interrupted)
    assert read_out_log(tmp_path, 'a') == read_out_log(tmp_path, 'b') == 'ready\nsaved\n'
    assert not (tmp_path / 'c').exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_each_process_has_one_gpu_and_its_share_of_the_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, 'gpu_names', lambda: ['3', '7'])
    monkeypatch.setattr(threads, 'cpu_count', lambda: 6)
    for name in threads.COUNTS:
        monkeypatch.delenv(name, raising=False)
    code = (
        'import os, time; e = os.environ; print(e["CUDA_VISIBLE_DEVICES"], e["OMP_NUM_THREADS"]);'
        'time.sleep(1)'
    )
    train([little_run(name, code) for name in 'abc'], tmp_path, jobs=2)
    first, second, third = (read_out_log(tmp_path, name) for name in 'abc')
    assert {first, second} == {'3 3\n', '7 3\n'}
    assert third in (first, second)


def test_a_number_of_threads_that_the_user_set_stays_and_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('OMP_NUM_THREADS', '5')
    monkeypatch.delenv('MKL_NUM_THREADS', raising=False)
    code = 'import os; e = os.environ; print(e["OMP_NUM_THREADS"], e["OMP_WAIT_POLICY"])'
    train([little_run('a', code)], tmp_path, jobs=1)
    assert read_out_log(tmp_path, 'a') == '5 passive\n'
    assert 'CPU threads: OMP_NUM_THREADS=5' in capsys.readouterr().out


def test_the_former_name_of_resume_still_works_and_warns(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a/epoch_1.pth').touch()
    with (
        pytest.warns(
            DeprecationWarning, match=r'train\(go_on=\.\.\.\) is deprecated; use .*resume'
        ),
        pytest.raises(ValueError, match='another config: a'),
    ):
        train([little_run('a')], tmp_path, jobs=1, go_on=True)


def test_runs_train_side_by_side_and_a_failed_one_shows_its_log(tmp_path, capsys):
    good = [
        Run(name, 'digits_full_bce.py', name, (*DIGITS_SMALL, f'randomness.seed={seed}'))
        for seed, name in enumerate('ab')
    ]
    train(good, tmp_path, jobs=2)
    first, second = (read_scores(tmp_path / run.name) for run in good)
    assert len(first) == len(second) == 2
    assert first != second
    bad = Run('c', 'digits_full_bce.py', 'c', (*DIGITS_SMALL, 'model.head.loss.reduction=avg'))
    with pytest.raises(RuntimeError, match=r"c failed:[\s\S]*unknown reduction 'avg'"):
        train([bad], tmp_path, jobs=1)
