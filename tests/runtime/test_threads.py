"""CPU threads: the cores are shared out, threads sleep while they wait, the user's settings win."""

import os
import subprocess
import sys

import pytest
import torch
from helpers import ROOT

from mmpretrain_mlml.runtime import threads
from mmpretrain_mlml.runtime.threads import describe_threads, set_threads, thread_variables

NAMES = (*threads.COUNTS, *threads.SLEEPING, 'LOCAL_WORLD_SIZE', 'SLURM_CPUS_PER_TASK')


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Six cores, PyTorch's own choice of six threads, and none of the user's settings."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads, 'cpu_count', lambda: 6)
    before = torch.get_num_threads()
    torch.set_num_threads(6)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(('processes', 'expected'), [(1, '6'), (2, '3'), (4, '1'), (9, '1')])
def test_processes_share_the_cores(processes, expected):
    variables = thread_variables(processes)
    assert variables == {
        'OMP_WAIT_POLICY': 'passive', 'OMP_NUM_THREADS': expected, 'MKL_NUM_THREADS': expected,
    }  # fmt: skip
    assert f'CPU threads: {expected} for ' in describe_threads(processes)


@pytest.mark.parametrize('name', threads.COUNTS)
def test_the_number_of_the_user_wins(monkeypatch, name):
    monkeypatch.setenv(name, '5')
    assert thread_variables(2) == {'OMP_WAIT_POLICY': 'passive'}
    torch.set_num_threads(5)
    assert set_threads() == f'CPU threads: {name}=5'
    assert torch.get_num_threads() == 5
    assert [other for other in threads.COUNTS if other in os.environ] == [name]


def test_the_wait_policy_of_the_user_wins(monkeypatch):
    monkeypatch.setenv('OMP_WAIT_POLICY', 'active')
    assert thread_variables().keys() == set(threads.COUNTS)


@pytest.mark.parametrize(
    ('launcher', 'expected'),
    [
        ({}, 6),
        ({'LOCAL_WORLD_SIZE': '3'}, 2),
        ({'LOCAL_WORLD_SIZE': '8'}, 1),
        ({'SLURM_CPUS_PER_TASK': '4'}, 4),
        ({'SLURM_CPUS_PER_TASK': '9'}, 6),
    ],
)
def test_a_process_uses_its_share(monkeypatch, launcher, expected):
    for name, value in launcher.items():
        monkeypatch.setenv(name, value)
    said = set_threads()
    assert torch.get_num_threads() == expected
    assert said.startswith(f'CPU threads: {expected} for ')
    assert said.endswith('6 cores; OMP_NUM_THREADS=N sets another number')
    assert {os.environ.pop(name) for name in threads.COUNTS} == {str(expected)}


def test_never_more_threads_than_pytorch_chooses():
    torch.set_num_threads(2)  # as on two cores with hyper-threading
    assert 'CPU threads: 2 for one process' in set_threads()
    assert torch.get_num_threads() == 2
    for name in threads.COUNTS:
        del os.environ[name]


@pytest.mark.parametrize(
    ('command', 'own', 'expected'),
    [
        ('train.py no.py', {}, 'PASSIVE'),
        pytest.param(
            'test.py no.py x.pth', {'OMP_WAIT_POLICY': 'active'}, 'ACTIVE', marks=pytest.mark.slow
        ),
        pytest.param('test.py no.py x.pth', {}, 'PASSIVE', marks=pytest.mark.slow),
    ],
)
def test_a_tool_says_what_it_uses_and_its_threads_sleep(command, own, expected):
    done = subprocess.run(
        [sys.executable, *f'tools/{command}'.split()],  # ends when it finds no config
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_DISPLAY_ENV': 'true', **own},
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert 'CPU threads: ' in done.stdout
    assert f"OMP_WAIT_POLICY = '{expected}'" in done.stderr


@pytest.mark.parametrize('script', ['dist_train.sh config.py 2', 'dist_test.sh config.py x.pth 2'])
@pytest.mark.parametrize('own', [{}, {'OMP_NUM_THREADS': '7'}])
def test_processes_of_a_launcher_share_the_cores(tmp_path, script, own):
    python = tmp_path / 'python'  # shows what torchrun would be started with
    python.write_text(f'#!/bin/sh\n[ "$1" = -m ] && exec env\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    name, *arguments = script.split()
    text = subprocess.run(
        ['bash', ROOT / 'tools' / name, *arguments],
        env={**os.environ, 'PYTHON': str(python), 'LOKY_MAX_CPU_COUNT': '1', **own},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
    ).stdout  # fmt: skip
    if own:
        assert 'OMP_NUM_THREADS=7\n' in text
        assert 'MKL_NUM_THREADS' not in text
    else:
        assert 'OMP_NUM_THREADS=1\n' in text
        assert 'MKL_NUM_THREADS=1\n' in text
        assert 'CPU threads: 1 for each of 2 processes, ' in text
