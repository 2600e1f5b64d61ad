"""Several processes: one fails, one dies and all restart, two hosts train together."""

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.launched import TIMEOUT, descendants
from helpers.same_end import assert_same_end

pytestmark = pytest.mark.dist

FAILURES = {
    'training:2:1:raise': ['ValueError: an error of process 1 alone'],
    'training:2:1:nan': [
        ' of 2: iteration 13 (epoch 2) gave numbers that are not finite: process ',
        'process 1: loss = nan', '; images ', 'with good numbers: ', '/run/epoch_1.pth',
    ],
}  # fmt: skip


RAISED, NOT_FINITE = FAILURES


@pytest.mark.parametrize('obstacle', [RAISED, pytest.param(NOT_FINITE, marks=pytest.mark.slow)])
def test_one_process_that_fails_stops_all_and_its_error_is_shown(launch, tmp_path, obstacle):
    run = launch(tmp_path / 'run', processes=2, obstacle=obstacle)
    run.wait_for(run.reached)
    workers = descendants(run.process.pid)
    began = time.monotonic()
    assert run.process.wait(TIMEOUT) != 0
    print(f'all down after {time.monotonic() - began:.1f} s')  # with pytest -s
    assert not [pid for pid in workers if Path(f'/proc/{pid}').exists()]
    log = run.log.read_text()
    for text in FAILURES[obstacle]:
        assert text in log


def test_where_a_process_dies_all_restart_and_end_bitwise_like_an_undisturbed_run(
    launch, straight, tmp_path
):
    run = launch(tmp_path / 'run', processes=2, obstacle='training:3:1', MAX_RESTARTS='1')
    os.kill(run.wait_for_obstacle(), signal.SIGKILL)
    assert run.wait() == 0
    log = run.log.read_text()
    assert re.findall(r'resumed epoch: (\d+)', log) == ['2'] * log.count('resumed epoch')
    assert 'resumed epoch: 2' in log
    assert_same_end(tmp_path / 'run', straight(2))


@pytest.fixture
def two_hosts():
    """Two network namespaces joined by a cable, as two machines: their names and addresses."""
    names = [f'mlml{os.getpid()}{side}' for side in 'ab']
    addresses = ['10.231.77.1', '10.231.77.2']
    try:
        for name in names:
            ip('netns', 'add', name)
        ip('link', 'add', 'cable', 'netns', names[0], 'type', 'veth',
           'peer', 'name', 'cable', 'netns', names[1])  # fmt: skip
        for name, address in zip(names, addresses):
            ip('-n', name, 'addr', 'add', f'{address}/24', 'dev', 'cable')
            ip('-n', name, 'link', 'set', 'cable', 'up')
            ip('-n', name, 'link', 'set', 'lo', 'up')
            ip('netns', 'exec', name, 'true')
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f'no network namespaces here: {getattr(error, "stderr", "") or error}')
    else:
        yield list(zip(names, addresses))
    finally:
        for name in names if shutil.which('ip') else []:
            subprocess.run(['ip', 'netns', 'del', name], check=False, capture_output=True)


def ip(*arguments):
    subprocess.run(['ip', *arguments], check=True, capture_output=True, text=True)


@contextmanager
def on_both(two_hosts, launch, work_dir, **kwargs):
    """A run of two processes, one on each host."""
    hosts = [
        launch(
            work_dir,
            processes=2,
            nodes=2,
            prefix=('ip', 'netns', 'exec', name),
            log=work_dir.with_name(f'host{rank}.log'),
            NODE_RANK=str(rank),
            MASTER_ADDR=two_hosts[0][1],
            LOCAL_ADDR=address,
            PORT='29500',
            GLOO_SOCKET_IFNAME='cable',
            **kwargs,
        )
        for rank, (name, address) in enumerate(two_hosts)
    ]
    try:
        yield hosts
    finally:
        for host in hosts:
            host.kill()


@pytest.mark.slow
def test_two_hosts_train_together_as_two_processes_of_one(two_hosts, launch, straight, tmp_path):
    with on_both(two_hosts, launch, tmp_path / 'run') as hosts:
        assert [host.wait() for host in hosts] == [0, 0]
    assert_same_end(tmp_path / 'run', straight(2))


@pytest.mark.slow
@pytest.mark.skipif('MLML_KILLS' not in os.environ, reason='set MLML_KILLS=20')
def test_where_a_host_loses_its_process_both_restart(two_hosts, launch, straight, tmp_path):
    dies = {'obstacle': 'training:3:1', 'MAX_RESTARTS': '2'}
    with on_both(two_hosts, launch, tmp_path / 'run', **dies) as hosts:
        os.kill(hosts[1].wait_for_obstacle(), signal.SIGKILL)
        assert [host.wait() for host in hosts] == [0, 0]
    assert_same_end(tmp_path / 'run', straight(2))
