"""Processes on CPUs. Whole runs of several processes are tested in tests/tools/test_many_processes.py,
and the end of processes whose launcher is killed in tests/tools/test_interruption.py.
"""

import pytest
import torch

from mmpretrain_mlml.repairs.distributed import leave_gloo, start_gloo


@pytest.fixture
def launched(monkeypatch, free_port):
    """The environment of the only process of a launcher."""
    variables = {'RANK': 0, 'WORLD_SIZE': 1, 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': free_port()}
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    yield
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


@pytest.mark.usefixtures('launched')
def test_an_existing_group_is_kept():
    start_gloo(timeout=30)
    group = torch.distributed.group.WORLD
    assert torch.distributed.get_backend() == 'gloo'
    start_gloo(timeout=30)
    assert torch.distributed.group.WORLD is group


@pytest.mark.usefixtures('launched')
def test_a_process_that_is_alone_does_not_leave_early():
    leave_gloo()  # there is no group
    start_gloo(timeout=30)
    leave_gloo()  # would end this process
    assert torch.distributed.is_initialized()
