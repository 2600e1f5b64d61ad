"""SIGTERM and Ctrl-C in a training of this process; whole runs: tests/tools/test_interruption.py."""

import os
import signal
from pathlib import Path

import pytest
import torch
from helpers.runners import VALIDATION, make_runner
from mmengine.hooks import Hook

from mmpretrain_mlml.checkpoints import AtomicLocalBackend
from mmpretrain_mlml.hooks.reliability import interruption_hook
from mmpretrain_mlml.repairs.loading import load_from_local

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
    return load_from_local(work_dir / 'interrupted.pth')


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
    """Where the checkpoint does not say what batches it was written with."""
    checkpoint = interrupted(tmp_path)
    del checkpoint['meta']['run']
    torch.save(checkpoint, tmp_path / 'interrupted.pth')
    runner = make_runner(tmp_path, model=BCE, resume=True, train_dataloader={'batch_size': 12})
    message = (
        r'interrupted\.pth was saved after batch 2 of 3 .* 1 processes, but .* now has 4, on 1'
    )
    with pytest.raises(ValueError, match=message):
        runner.train()


ORDERS = {
    'SIGINT': ([signal.SIGINT], signal.SIGINT),
    'SIGTERM, SIGINT': ([signal.SIGTERM, signal.SIGINT], signal.SIGTERM),
    'SIGINT, SIGTERM': ([signal.SIGINT, signal.SIGTERM], signal.SIGINT),
    'SIGINT twice at once, from a wrapper': ([signal.SIGINT, signal.SIGINT], signal.SIGINT),
    'SIGTERM twice': ([signal.SIGTERM, signal.SIGTERM], signal.SIGTERM),
}


class Send(Hook):
    """Sends its process signals in one iteration, or while a file is written."""

    def __init__(self, signals, at=4):
        self.signals, self.at = signals, at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.at:
            self.send()

    def send(self):
        for number in self.signals:
            os.kill(os.getpid(), number)
            self.signals = []


def stopped(work_dir, *hooks, **changes):
    """Train until a signal ends it; return how."""
    runner = make_runner(work_dir, model=BCE, **changes)
    for hook in hooks:
        runner.register_hook(hook)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with pytest.raises((SystemExit, KeyboardInterrupt)) as caught:
        runner.train()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    return caught.value


@pytest.fixture(autouse=True)
def interactive():
    """A shell starts what runs in its background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize('order', ORDERS)
def test_signals_of_any_order_end_with_a_checkpoint(order, tmp_path):
    signals, code = ORDERS[order]
    assert stopped(tmp_path, Send(signals)).code == 128 + code
    checkpoint = load_from_local(tmp_path / 'interrupted.pth')
    assert checkpoint['meta']['iter'] == 5


@pytest.mark.parametrize('name', ['interrupted.pth', 'epoch_1.pth'])
def test_signals_while_a_checkpoint_is_written_lose_nothing(name, tmp_path, monkeypatch):
    """Ctrl-C three times, with time between them, and SIGTERM."""
    put, sent = AtomicLocalBackend.put, []
    monkeypatch.setattr(interruption_hook, '_ONE_PRESS', -1)

    def interrupt(self, obj, filepath):
        if Path(filepath).name == name and not sent:
            sent.append(name)
            for number in [signal.SIGINT] * (3 if name == 'interrupted.pth' else 1):
                os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGTERM)
        put(self, obj, filepath)

    monkeypatch.setattr(AtomicLocalBackend, 'put', interrupt)
    first = [Send([signal.SIGTERM])] if name == 'interrupted.pth' else []
    assert stopped(tmp_path, *first).code in (130, 143)
    assert sent
    load_from_local(tmp_path / 'epoch_1.pth')
    checkpoint = load_from_local(tmp_path / 'interrupted.pth')
    assert checkpoint['meta']['iter'] == (5 if first else 4)
    assert not list(tmp_path.glob('.*.part'))


def test_a_second_ctrl_c_stops_at_once_and_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(interruption_hook, '_ONE_PRESS', -1)
    end = stopped(tmp_path, Send([signal.SIGINT]), Send([signal.SIGINT]))
    assert isinstance(end, KeyboardInterrupt)
    assert [path.name for path in tmp_path.glob('*.pth')] == ['epoch_1.pth']
    resumed = make_runner(tmp_path, model=BCE, resume=True)
    resumed.train()
    assert resumed.iter == 9


def test_ctrl_c_in_a_validation_is_answered_and_waits_for_its_end(tmp_path):
    class Press(Hook):
        def before_val_iter(self, runner, batch_idx, data_batch=None):
            if runner.epoch == 1 and batch_idx == 0:
                os.kill(os.getpid(), signal.SIGINT)

    assert stopped(tmp_path, Press(), **VALIDATION).code == 130
    (log,) = tmp_path.glob('*/*.log')
    assert log.read_text().count('asked to stop: finishing the validation first') == 1
    checkpoint = load_from_local(tmp_path / 'interrupted.pth')
    assert checkpoint['meta']['iter'] == 4


def test_an_ignored_sigint_stays_ignored(tmp_path):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = make_runner(tmp_path, model=BCE)
    runner.register_hook(Send([signal.SIGINT]))
    runner.train()
    assert runner.iter == 9
