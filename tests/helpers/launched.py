"""A small training in processes of its own, which a test can stop and kill."""

import os
import re
import signal
import sys
import time
from pathlib import Path

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
EPOCHS, ITERATIONS = 5, 8  # iterations of an epoch, with two processes as with one
TIMEOUT = 400  # seconds: a run takes ten on an idle machine


def write_config(folder: Path) -> Path:
    path = folder / 'config.py'
    path.write_text(CONFIG)
    return path


class Launched:
    """tools/train.py, or tools/dist_train.sh for several processes, in the background.

    Args:
        config: Config file.
        work_dir: Work directory; log files are written beside it.
        options: Options of tools/train.py.
        cfg: Changes of the config, for --cfg-options.
        processes: Number of processes on all hosts together.
        nodes: Number of hosts.
        prefix: What the command begins with, such as ``ip netns exec NAME``.
        obstacle: Place where a process stops and waits to be killed; see obstacles.py.
        log: Log file.
        env: Further variables of the environment.
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

    def wait(self, timeout=TIMEOUT) -> int:
        try:
            return self.process.wait(timeout)
        finally:
            self.kill()

    def wait_for(self, path, timeout=TIMEOUT):
        self.wait_until(path.exists, timeout)

    def wait_for_log(self, text, timeout=TIMEOUT):
        self.wait_until(lambda: text in self.log.read_text()[self.before :], timeout)

    def wait_until(self, condition, timeout):
        end = time.monotonic() + timeout
        while not condition():
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            assert time.monotonic() < end, self.log.read_text()[-4000:]
            time.sleep(0.005)

    def wait_for_obstacle(self):
        """Wait until a process has reached its obstacle; return its id."""
        self.wait_for(self.reached)
        return int(self.reached.read_text())

    def terminate(self):
        """Send SIGTERM to all processes of the run, as ``timeout``, systemd and torchrun do."""
        for pid in [*descendants(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGTERM)

    def kill(self):
        """Kill all processes of the run: the launcher first, so that it restarts none."""
        if self.process.poll() is not None:
            return
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


def kill_at(point, launch, work_dir, processes):
    """Start a run and kill it at a point: ``OBSTACLE``, ``OBSTACLE one`` or ``OBSTACLE launcher``.

    The obstacle is one of obstacles.py. Without a further word all processes are killed; ``one`` is
    the process that waits there, whose launcher then ends the others; without their ``launcher``
    processes end by themselves.
    """
    obstacle, whom = re.fullmatch(r'(.+?:[\d:]+)(?: (one|launcher))?', point).groups()
    run = launch(work_dir, processes=processes, obstacle=obstacle)
    waiting = run.wait_for_obstacle()
    if whom == 'one':
        os.kill(waiting, signal.SIGKILL)
        assert run.process.wait(TIMEOUT) != 0
    elif whom == 'launcher':
        workers = descendants(run.process.pid)
        assert waiting in workers
        run.process.kill()
        run.process.wait()
        end = time.monotonic() + 60
        while any(Path(f'/proc/{pid}').exists() for pid in workers):
            assert time.monotonic() < end
            time.sleep(0.05)
    else:
        run.kill()


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def assert_end_with_their_process(workers, process):
    """Kill a process and wait until its workers have ended, too."""
    process.kill()
    process.wait()
    wait_until(lambda: not any(Path(f'/proc/{pid}').exists() for pid in workers))
