"""Data workers ignore signals that others send, and end with their process."""

import os
import signal
import subprocess
import sys
import time

import pytest
from helpers.launched import assert_end_with_their_process, descendants, wait_until
from helpers.processes import start
from torch.utils.data import DataLoader, Dataset

from mmpretrain_mlml.runtime.data_workers import bind_workers

pytestmark = pytest.mark.skipif(
    not hasattr(signal, 'sigwaitinfo'), reason='this system does not report the sender of a signal'
)

ORPHANS = """
import time
from torch.utils.data import DataLoader
from mmpretrain_mlml.runtime.data_workers import bind_workers

loader = DataLoader(range(64), 1, num_workers=2, collate_fn=lambda batch: 'x' * 300_000)
bind_workers(loader)
batches = iter(loader)
next(batches)
print('ready', flush=True)
time.sleep(3600)
"""


class Indices(Dataset):
    """Samples of their index, with the number that the worker's init function was given."""

    def __len__(self):
        return 64

    def __getitem__(self, index):
        return index, int(os.environ.get('WORKER', -1))


def init_worker(worker):
    os.environ['WORKER'] = str(worker)


@pytest.fixture
def running():
    """An iterator over batches, with one worker that has loaded the first one."""
    loader = DataLoader(Indices(), batch_size=1, num_workers=1, worker_init_fn=init_worker)
    bind_workers(loader)
    batches = iter(loader)
    index, worker = next(batches)
    assert (index.item(), worker.item()) == (0, 0)  # the loader's own init function was called too
    return batches


@pytest.mark.parametrize('sent', ['SIGTERM', 'SIGINT'])
def test_worker_survives_the_signal_of_another_process(running, sent):
    (worker,) = running._workers
    code = f'import os, signal; os.kill({worker.pid}, signal.{sent})'
    subprocess.run([sys.executable, '-c', code], check=True)
    time.sleep(0.2)
    assert worker.is_alive()
    assert [index.item() for index, _ in running] == list(range(1, 64))


def test_worker_ends_by_the_signal_of_its_own_process(running):
    (worker,) = running._workers
    os.kill(worker.pid, signal.SIGTERM)
    worker.join(120)
    assert worker.exitcode == 0


def test_workers_end_when_their_process_is_killed(tmp_path):
    """They have loaded more than their queue takes, which nobody reads any more."""
    script, log = tmp_path / 'orphans.py', tmp_path / 'log'
    script.write_text(ORPHANS)
    with log.open('w') as output:
        process = start(['python', script], output)
    wait_until(lambda: 'ready' in log.read_text())
    workers = descendants(process.pid)
    assert len(workers) == 2
    assert_end_with_their_process(workers, process)
