"""Training as a process of its own, to be stopped, killed, and compared with one left in peace."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import torch

import mmpretrain_mlml  # noqa: F401  lets torch.load read training state
from helpers import ROOT
from helpers.processes import start

CONFIG = f"""
_base_ = [
    '{ROOT}/configs/_base_/runtime.py', '{ROOT}/configs/_base_/models/digits_net.py',
    '{ROOT}/configs/_base_/recipes/paper.py', '{ROOT}/configs/_base_/labels/digits_0.4left.py',
]
custom_imports = dict(imports=['helpers.obstacles'])
model = dict(
    backbone=dict(stem_channels=4, base_channels=4),
    neck=dict(type='PoolingWithDropout'),  # so that random draws of a process matter
    head=dict(in_channels=32, loss=dict(type='mmpretrain_mlml.SPLC', reduction='sum')),
)
train_dataloader = dict(
    batch_size=32, sampler=dict(round_up=False), dataset=dict(size=250, pipeline=[
        dict(type='mmpretrain_mlml.RelativeCutout'), dict(type='PackInputs')]),
)
val_dataloader = dict(batch_size=20, dataset=dict(size=101))  # three batches a process at least
train_cfg = dict(max_epochs=5)
default_hooks = dict(logger=dict(interval=1), obstacle=dict(type='Obstacle'))
"""
EPOCHS, ITERATIONS = 5, 8  # an epoch's, with two processes as with one


def write_config(folder: Path) -> Path:
    path = folder / 'config.py'
    path.write_text(CONFIG)
    return path


class Launched:
    """tools/train.py, or tools/dist_train.sh for several processes, in the background.

    ``obstacle`` is a place where the first process stops and waits to be killed: see obstacles.py.
    """

    def __init__(
        self, config, work_dir, *options, cfg=(), processes=1, nodes=1, prefix=(), obstacle='',
        log=None, **env,
    ):  # fmt: skip
        self.log = log or work_dir.with_name(f'{work_dir.name}.log')
        self.reached = work_dir.with_name(f'{work_dir.name}.reached')
        self.reached.unlink(missing_ok=True)
        self.before = self.log.stat().st_size if self.log.exists() else 0
        command = [sys.executable, 'tools/train.py', config]
        if processes > 1:
            on_each = str(processes // nodes)
            command = [*prefix, 'bash', 'tools/dist_train.sh', config, on_each]
        batch = f'train_dataloader.batch_size={32 // processes}'
        with self.log.open('a') as log:
            self.process = start(
                [*command, '--work-dir', work_dir, *options, '--cfg-options', batch, *cfg],
                log,
                PYTHONPATH=f'{ROOT}:{ROOT}/tests',
                NNODES=str(nodes),
                OBSTACLE=obstacle,
                REACHED=str(self.reached),
                **env,
            )

    def wait(self, timeout=240) -> int:
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()

    def wait_for(self, path, timeout=120):
        self.wait_until(path.exists, timeout)

    def wait_for_log(self, text, timeout=120):
        self.wait_until(lambda: text in self.log.read_text()[self.before :], timeout)

    def wait_until(self, condition, timeout):
        end = time.monotonic() + timeout
        while not condition():
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            assert time.monotonic() < end, self.log.read_text()[-4000:]
            time.sleep(0.005)

    def wait_for_obstacle(self):
        """Waits until the first process stands at its obstacle, and says which process it is."""
        self.wait_for(self.reached)
        return int(self.reached.read_text())

    def terminate(self):
        """Sends SIGTERM to all its processes, as ``timeout``, systemd and torchrun do."""
        for pid in [*descendants(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGTERM)

    def kill(self):
        """Kills all its processes as one: the launcher first, so that it restarts none."""
        for pid in [self.process.pid, *descendants(self.process.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()


def descendants(pid: int) -> list[int]:
    try:
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    except FileNotFoundError:
        return []
    return [one for child in map(int, children) for one in (child, *descendants(child))]


def assert_same_end(work_dir, expected_dir):
    """All that a run leaves is the same to the bit, but for times and paths."""
    names = {path.name for path in expected_dir.glob('*.pth')}
    assert {path.name for path in work_dir.glob('*.pth')} == names
    assert len([name for name in names if name.startswith('best')]) == 1
    for name in names:
        expected = torch.load(expected_dir / name, weights_only=True)
        found = torch.load(work_dir / name, weights_only=True)
        assert found.keys() == expected.keys()
        for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
            assert_same(found.get(part), expected.get(part), f'{name}: {part}')
        for key in ('epoch', 'iter'):
            assert found['meta'][key] == expected['meta'][key]
        if 'message_hub' in expected:
            hubs = [checkpoint['message_hub'] for checkpoint in (expected, found)]
            first, second = (hub['runtime_info'] for hub in hubs)
            assert Path(second['best_ckpt']).name == Path(first['best_ckpt']).name
            for key in ('best_score', 'keep_ckpt_ids', 'last_validated'):
                assert second[key] == first[key], key
            losses = [hub['log_scalars']['train/loss']._log_history for hub in hubs]
            assert losses[1].tolist() == losses[0].tolist()


def assert_same(found, expected, name):
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), name
        for key in expected:
            assert_same(found[key], expected[key], f'{name}.{key}')
    elif isinstance(expected, list):
        assert len(found) == len(expected), name
        for index, value in enumerate(expected):
            assert_same(found[index], value, f'{name}[{index}]')
    elif isinstance(expected, torch.Tensor):
        assert torch.equal(found, expected), name
    else:
        assert found == expected, name


def kill_at(point, launch, work_dir, processes):
    """Starts a run and kills it at ``OBSTACLE``, or of it only ``OBSTACLE one`` or ``launcher``.

    The obstacle is one of obstacles.py; ``one`` is the process that waits there. The launcher sees to
    the other processes then, and they end by themselves without a launcher.
    """
    obstacle, whom = re.fullmatch(r'(.+?:[\d:]+)(?: (one|launcher))?', point).groups()
    run = launch(work_dir, processes=processes, obstacle=obstacle)
    waiting = run.wait_for_obstacle()
    if whom == 'one':
        os.kill(waiting, signal.SIGKILL)
        assert run.process.wait(60) != 0
    elif whom == 'launcher':
        workers = descendants(run.process.pid)
        assert waiting in workers
        run.process.kill()
        run.process.wait()
        end = time.monotonic() + 10
        while any(Path(f'/proc/{pid}').exists() for pid in workers):
            assert time.monotonic() < end
            time.sleep(0.05)
    else:
        run.kill()
