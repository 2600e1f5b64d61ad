"""The targets of make: together they run all tests, and CI runs every target."""

import os
import re
import subprocess

import pytest
from helpers import ROOT

CI = ROOT / '.ci/run'


def commands_of(target):
    # as from a shell, whatever the make that runs this test was given
    env = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'EXTRA', 'JOBS')}
    done = subprocess.run(
        ['make', '--dry-run', '--always-make', '--no-print-directory', target],
        cwd=ROOT, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_test_and_test_slow_are_the_whole_suite():
    markers = [
        re.findall(r'-m pytest -n \d+ --dist worksteal -m (.+)', commands_of(target))
        for target in ('test', 'test-slow')
    ]
    assert markers == [["'not slow'"], ['slow']]


@pytest.mark.parametrize('command', ['ruff check .', 'ruff format --check .', 'mypy'])
def test_lint_checks_style_format_and_types(command):
    assert f'.venv/bin/{command}' in commands_of('lint')


def test_ci_runs_every_check():
    assert os.access(CI, os.X_OK)
    (targets,) = re.findall(r'^for target in (.+); do$', CI.read_text(), re.MULTILINE)
    assert targets.split() == ['lint', 'test', 'test-slow', 'docs']
