"""SIGTERM inside an epoch, in this process; whole runs: tests/tools/test_interruption.py."""

import os
import signal

import pytest
import torch
from helpers.runners import make_runner
from mmengine.hooks import Hook

BCE = {'head': {'loss': {'type': 'mmpretrain_mlml.BCE', '_delete_': True}}}


class Terminate(Hook):
    """Sends its process a SIGTERM in one iteration."""

    def __init__(self, at):
        self.at = at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.at:
            os.kill(os.getpid(), signal.SIGTERM)


def interrupted(work_dir, at=4, **changes):
    """Train, stop in an iteration, and return what ``interrupted.pth`` holds."""
    runner = make_runner(work_dir, model=BCE, **changes)
    runner.register_hook(Terminate(at))
    with pytest.raises(SystemExit) as caught:
        runner.train()
    assert caught.value.code == 128 + signal.SIGTERM
    assert (work_dir / 'last_checkpoint').read_text() == str(work_dir / 'interrupted.pth')
    return torch.load(work_dir / 'interrupted.pth', weights_only=True)


def test_checkpoint_tells_where_it_was_written(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    checkpoint = interrupted(tmp_path)
    assert signal.getsignal(signal.SIGTERM) is before
    assert (checkpoint['meta']['epoch'], checkpoint['meta']['iter']) == (1, 5)
    assert checkpoint['meta']['interrupted'] == {'done': 2, 'length': 3}
    (state,) = checkpoint['processes']
    assert {'buffers', 'random', 'hooks'} <= state.keys()


def test_accumulated_update_is_finished_first(tmp_path):
    changes = {
        'optim_wrapper': {'accumulative_counts': 2},
        'train_dataloader': {'dataset': {'size': 64}},  # four iterations an epoch
    }
    checkpoint = interrupted(tmp_path, at=4, **changes)
    assert checkpoint['meta']['interrupted'] == {'done': 2, 'length': 4}


def test_signal_at_the_end_of_an_epoch_waits_for_the_next_batch(tmp_path):
    checkpoint = interrupted(tmp_path, at=2)
    assert (tmp_path / 'epoch_1.pth').is_file()
    assert checkpoint['meta']['interrupted'] == {'done': 1, 'length': 3}


def test_resumed_run_equals_an_uninterrupted_one_and_removes_the_file(tmp_path):
    straight = make_runner(tmp_path / 'straight', model=BCE)
    straight.train()
    interrupted(tmp_path / 'run')
    resumed = make_runner(tmp_path / 'run', model=BCE, resume=True)
    resumed.train()
    assert resumed.iter == 9
    assert not (tmp_path / 'run/interrupted.pth').exists()
    expected = straight.model.state_dict()
    for name, value in resumed.model.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_another_batch_size_is_refused(tmp_path):
    interrupted(tmp_path)
    runner = make_runner(tmp_path, model=BCE, resume=True, train_dataloader={'batch_size': 12})
    message = (
        r'interrupted\.pth was saved after batch 2 of 3 .* 1 processes, but .* now has 4, on 1'
    )
    with pytest.raises(ValueError, match=message):
        runner.train()
