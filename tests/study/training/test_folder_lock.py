"""Runs that a killed study left running: they are found, and take a place."""

import json
import os
import re
import socket
import subprocess
import sys

import pytest
from helpers.study_runs import little_run, read_out_log

from mmpretrain_mlml.runtime.work_dir_lock import lock_folder
from mmpretrain_mlml.study import train
from mmpretrain_mlml.study.training import pool
from mmpretrain_mlml.study.training.folder_lock import find_orphans
from mmpretrain_mlml.study.training.process import RunProcess

LONG = 'import time; time.sleep(3); print(time.time())'
NOW = 'import os, time; print(time.time(), os.environ.get("CUDA_VISIBLE_DEVICES"))'


@pytest.fixture
def running(tmp_path):
    """A run in the folder ``a``, with a lock that this study has written, for its first place."""
    process = RunProcess(little_run('a', LONG), tmp_path / 'a', resume=False)
    assert process.start({})
    yield process
    process.process.wait()


@pytest.fixture
def orphan(running, tmp_path):
    """A run whose study has ended."""
    study = subprocess.Popen([sys.executable, '-c', ''])
    study.wait()
    path = tmp_path / 'a/lock'
    owner = json.loads(path.read_text())
    assert owner == {'study': os.getpid(), 'host': socket.gethostname(), 'place': 0}
    path.write_text(json.dumps({**owner, 'study': study.pid}))
    return running


def times(tmp_path, names):
    return [float(read_out_log(tmp_path, name).split()[0]) for name in names]


def test_an_orphan_takes_a_place_until_it_ends(orphan, tmp_path, capsys):
    assert [found.folder for found in find_orphans(tmp_path)] == [tmp_path / 'a']
    train([little_run('b', NOW), little_run('c', NOW)], tmp_path, jobs=1)
    end, *began = times(tmp_path, 'abc')
    assert end < min(began)
    text = capsys.readouterr().out
    assert 'still running, of a study that was killed, and taking a place each: a' in text
    assert not list(find_orphans(tmp_path))


def test_the_gpu_of_an_orphan_is_left_to_it(orphan, tmp_path, monkeypatch):
    monkeypatch.setattr(pool, 'gpu_names', lambda: ['3', '7'])
    train([little_run('b', NOW), little_run('c', NOW)], tmp_path, jobs=2)
    assert {read_out_log(tmp_path, name).split()[1] for name in 'bc'} == {'7'}
    assert orphan.process.wait() == 0
    end, *began = times(tmp_path, 'abc')
    assert max(began) < end


@pytest.mark.parametrize('how', ['lives', 'on another machine', 'of an earlier version'])
def test_a_run_of_another_study_takes_no_place(how, running, tmp_path):
    path = tmp_path / 'a/lock'
    if how == 'on another machine':
        path.write_text(json.dumps({'study': 2**22 + 1, 'host': 'elsewhere', 'place': 0}))
    elif how == 'of an earlier version':
        path.write_text('')
    train([little_run('b', NOW)], tmp_path, jobs=1)
    assert running.process.wait() == 0
    end, began = times(tmp_path, 'ab')
    assert began < end


def test_a_folder_in_which_somebody_trains_is_waited_for(tmp_path):
    (tmp_path / 'a').mkdir()
    lock = lock_folder(tmp_path / 'a', 'python tools/train.py')
    process = RunProcess(little_run('a'), tmp_path / 'a', resume=False)
    assert not process.start({})
    assert process.phase == 'elsewhere'
    told = rf'waiting for the training there: process {os.getpid()} on .*: python tools/train\.py'
    assert re.fullmatch(told, process.state)
    lock.release()
    assert process.start({})
    assert process.process.wait() == 0
