"""Killed or asked to stop, a run goes on with --resume and ends as if nothing had been."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch
from conftest import ROOT

import mmpretrain_mlml  # noqa: F401  lets torch.load read training state

CONFIG = f"""
_base_ = [
    '{ROOT}/configs/_base_/runtime.py', '{ROOT}/configs/_base_/models/digits_net.py',
    '{ROOT}/configs/_base_/recipes/paper.py', '{ROOT}/configs/_base_/labels/digits_0.4left.py',
]
model = dict(
    backbone=dict(stem_channels=4, base_channels=4),
    head=dict(in_channels=32, loss=dict(type='mmpretrain_mlml.SPLC', reduction='sum')),
)
train_dataloader = dict(
    batch_size=32, dataset=dict(size=500, pipeline=[
        dict(type='mmpretrain_mlml.RelativeCutout'), dict(type='PackInputs')]),
)
val_dataloader = dict(dataset=dict(size=101))
train_cfg = dict(max_epochs=8)
default_hooks = dict(logger=dict(interval=1))
"""


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp('interruption') / 'config.py'
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope='module')
def straight(config, run_tool):
    """The end of a run that nothing disturbs."""
    work_dir = config.parent / 'straight'
    run_tool('python', 'tools/train.py', config, '--work-dir', work_dir)
    return torch.load(work_dir / 'epoch_8.pth', weights_only=True)


def start(config, work_dir, *options):
    with (work_dir.parent / f'{work_dir.name}.log').open('a') as log:
        return subprocess.Popen(
            [
                sys.executable,
                'tools/train.py',
                config,
                '--work-dir',
                work_dir,
                '--resume',
                *options,
            ],
            cwd=ROOT,
            env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def wait_for(process, path, deadline=120):
    end = time.monotonic() + deadline
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)


def assert_same_end(work_dir, expected):
    found = torch.load(work_dir / 'epoch_8.pth', weights_only=True)
    for part in ('state_dict', 'ema_state_dict'):
        for key, value in expected[part].items():
            assert torch.equal(found[part][key], value), key
    for index, state in expected['optimizer']['state'].items():
        for key, value in state.items():
            assert torch.equal(torch.as_tensor(found['optimizer']['state'][index][key]),
                               torch.as_tensor(value)), (index, key)  # fmt: skip
    for a, b in zip(expected['param_schedulers'], found['param_schedulers'], strict=True):
        assert a['last_step'] == b['last_step']
    best = [c['message_hub']['runtime_info']['best_score'] for c in (expected, found)]
    assert best[0] == best[1]


@pytest.mark.slow
def test_asked_to_stop_inside_an_epoch_it_saves_and_goes_on_with_the_next_batch(
    config, straight, tmp_path
):
    work_dir = tmp_path / 'run'
    process = start(config, work_dir)
    wait_for(process, work_dir / 'epoch_3.pth')
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    log = (tmp_path / 'run.log').read_text()
    assert 'asked to stop: saving interrupted.pth after iteration' in log
    assert 'Traceback' not in log
    interrupted = torch.load(work_dir / 'interrupted.pth', weights_only=True)
    assert interrupted['meta']['iter'] % 16 != 0
    assert start(config, work_dir).wait(300) == 0
    assert not (work_dir / 'interrupted.pth').exists()
    assert_same_end(work_dir, straight)


@pytest.mark.slow
def test_killed_at_random_points_it_ends_bitwise_as_if_nothing_had_been(config, straight, tmp_path):
    """Two kills here; more with MLML_KILLS=20."""
    work_dir, draw = tmp_path / 'run', random.Random(0)
    for kill in range(int(os.environ.get('MLML_KILLS', 2))):
        process = start(config, work_dir)
        if kill == 0:
            wait_for(process, work_dir / 'epoch_1.pth')
        else:
            wait_for(process, work_dir / 'last_checkpoint')
            time.sleep(draw.uniform(4, 9))  # importing, building, training, validating, saving
        time.sleep(draw.uniform(0, 0.5))
        process.kill()
        process.wait()
    assert start(config, work_dir).wait(300) == 0
    assert_same_end(work_dir, straight)
