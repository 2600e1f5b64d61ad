import pytest
import torch
from helpers import ROOT
from helpers.released import released_network
from helpers.training import CONFIG, options


@pytest.fixture(scope='session')
def trained(run_tool, tmp_path_factory):
    """The work directory of a small training, started from cold."""
    work_dir = tmp_path_factory.mktemp('trained')
    run_tool('python', 'tools/train.py', CONFIG, '--work-dir', work_dir, *options(), cold=True)
    return work_dir


@pytest.fixture(scope='session')
def released(tmp_path_factory):
    """A checkpoint in the layout of the released trainer, and its network."""
    file = tmp_path_factory.mktemp('released') / 'released.ckpt'
    net = released_network()
    torch.save({f'module.{key}': value for key, value in net.state_dict().items()}, file)
    return file, net


@pytest.fixture(autouse=True)
def tools_beside_each_other(monkeypatch):
    """The search path of a script, for tests that run a tool in this process."""
    monkeypatch.syspath_prepend(ROOT / 'tools')
