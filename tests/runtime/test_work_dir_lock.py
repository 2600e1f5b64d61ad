"""One training in a work directory; the second one is told who is there."""

import errno
import os
import re
import signal
import socket
import sys
import time
from types import SimpleNamespace

import pytest
import torch
from helpers.processes import run_ranks, start
from helpers.runners import make_runner

from mmpretrain_mlml.runtime import work_dir_lock
from mmpretrain_mlml.runtime.user_errors import is_users
from mmpretrain_mlml.runtime.work_dir_lock import (
    LOCK,
    WorkDirError,
    lock_folder,
    lock_work_dirs,
    make_folder,
    training_in,
)

HOLD = """
import os, sys, time
from pathlib import Path
from mmpretrain_mlml.runtime.work_dir_lock import lock_folder
lock = lock_folder(Path(sys.argv[1]))
child = os.fork()  # as a data worker
if child:
    print('child', child, flush=True)
time.sleep(120)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock of the folder ``run``, and has a child."""
    script, log = tmp_path / 'hold.py', tmp_path / 'log'
    script.write_text(HOLD)
    (tmp_path / 'run').mkdir()
    with log.open('w') as output:
        process = start(['python', script, tmp_path / 'run'], output)
    while not (child := re.search(r'child (\d+)\n', log.read_text())):
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)
    yield process
    process.kill()
    os.kill(int(child[1]), signal.SIGKILL)


def test_a_second_training_is_refused_and_told_who_is_there_until_the_first_is_killed(
    other, tmp_path
):
    folder = tmp_path / 'run'
    with pytest.raises(WorkDirError) as caught:
        lock_folder(folder)
    text = str(caught.value)
    assert text.startswith(f'{folder} is used by another training: process {other.pid} on ')
    assert f' on {socket.gethostname()}, since 20' in text
    assert re.search(r'\d\d:\d\d:\d\d: python\S* \S+hold\.py ', text)
    assert '\n' not in text
    assert is_users(caught.value)
    assert training_in(folder)['pid'] == other.pid

    other.kill()  # its child lives on
    other.wait()
    lock = lock_folder(folder)
    assert lock.is_locked
    assert training_in(folder)['pid'] == os.getpid()
    lock.release()
    assert training_in(folder) is None


def test_a_runner_is_refused_before_it_writes_and_stock_runners_are_not(tmp_path):
    with lock_work_dirs():
        make_runner(tmp_path / 'run')
        before = {path.name for path in (tmp_path / 'run').iterdir()}
        held = training_in(tmp_path / 'run')
        assert held['pid'] == os.getpid()
        with pytest.raises(WorkDirError, match='is used by another training'):
            make_runner(tmp_path / 'run')
        assert {path.name for path in (tmp_path / 'run').iterdir()} == before
    assert training_in(tmp_path / 'run') is None
    lock = lock_folder(tmp_path / 'run')
    make_runner(tmp_path / 'run')
    lock.release()


@pytest.mark.dist
def test_all_processes_of_a_run_learn_of_a_refusal(tmp_path):
    lock = lock_folder(tmp_path)
    run_ranks(__file__, tmp_path)
    lock.release()


def be_refused(rank, folder):
    """Set up a run of two processes in a folder that is locked."""
    store = f'file://{folder}/meeting'
    torch.distributed.init_process_group('gloo', store, rank=rank, world_size=2)
    setup = work_dir_lock._then_lock(lambda _: None, [], 'train')
    with pytest.raises(
        WorkDirError, match=r'is used by another training: process \d+ on .*, since'
    ):
        setup(SimpleNamespace(_work_dir=folder))
    torch.distributed.barrier()


def test_a_holder_that_did_not_say_who_it_is(tmp_path):
    assert training_in(tmp_path) is None
    lock = lock_folder(tmp_path)
    (tmp_path / work_dir_lock.HOLDER).write_text('{"pid": ')
    assert training_in(tmp_path) == {}
    with pytest.raises(WorkDirError, match='by another training: one that has just begun'):
        lock_folder(tmp_path)
    lock.release()


@pytest.mark.parametrize('code', [errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_is_named(code, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(code, os.strerror(code), str(tmp_path / LOCK))

    monkeypatch.setattr(work_dir_lock.FileLock, 'acquire', fail)
    with pytest.raises(WorkDirError) as caught:
        lock_folder(tmp_path)
    assert f'cannot write into the work directory {tmp_path} ({os.strerror(code)})' in str(
        caught.value
    )
    assert is_users(caught.value)


def test_a_folder_that_cannot_be_created_is_named(tmp_path):
    make_folder(tmp_path / 'a/b')
    (tmp_path / 'file').touch()
    for folder in (tmp_path / 'file', tmp_path / 'file/inside'):
        with pytest.raises(WorkDirError, match=f'cannot create the work directory {folder} '):
            make_folder(folder)


def test_without_locks_it_trains_with_a_warning(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(work_dir_lock.FileLock, 'acquire', fail)
    said = []
    monkeypatch.setattr(work_dir_lock, 'print_log', lambda text, *_, **__: said.append(text))
    assert lock_folder(tmp_path) is None
    assert 'has no locks: a second training in it would go unnoticed' in said[0]


if __name__ == '__main__':
    be_refused(int(sys.argv[1]), sys.argv[2])
