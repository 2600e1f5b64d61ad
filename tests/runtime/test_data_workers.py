"""Data workers ignore a SIGTERM unless their own process sends it."""

import os
import signal
import subprocess
import sys
import time

import pytest
from torch.utils.data import DataLoader, Dataset

from mmpretrain_mlml.runtime.data_workers import keep_workers_on_sigterm

pytestmark = pytest.mark.skipif(
    not hasattr(signal, 'sigwaitinfo'), reason='this system does not report the sender of a signal'
)


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
    keep_workers_on_sigterm(loader)
    batches = iter(loader)
    index, worker = next(batches)
    assert (index.item(), worker.item()) == (0, 0)  # the loader's own init function was called too
    return batches


def test_worker_survives_the_signal_of_another_process(running):
    (worker,) = running._workers
    code = f'import os, signal; os.kill({worker.pid}, signal.SIGTERM)'
    subprocess.run([sys.executable, '-c', code], check=True)
    time.sleep(0.2)
    assert worker.is_alive()
    assert [index.item() for index, _ in running] == list(range(1, 64))


def test_worker_ends_by_the_signal_of_its_own_process(running):
    (worker,) = running._workers
    os.kill(worker.pid, signal.SIGTERM)
    worker.join(120)
    assert worker.exitcode == 0
