"""Start the project's scripts as processes: from cold, or as forks of a server (warm_start.py)."""

import atexit
import os
import subprocess
import sys
import tempfile
from functools import cache

import torch

from . import ROOT
from .warm_start import WarmProcess, WarmServer

ENVIRONMENT = {'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT), 'PYTHON': sys.executable}


def start(command, output, cwd=ROOT, cold=False, **env) -> subprocess.Popen | WarmProcess:
    """Start a command in the repository, with its output in an open file and nothing to read.

    ``MLML_COLD=1 pytest ...`` starts everything from cold.
    """
    command = [sys.executable if part == 'python' else str(part) for part in command]
    env = {**os.environ, **ENVIRONMENT, **env}
    if not cold and warm_server() and warm_server().can_run(command, env):
        return warm_server().start(command, cwd, env, output)
    return subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    )


@cache
def warm_server() -> WarmServer | None:
    if os.environ.get('MLML_COLD') or torch.cuda.is_available():  # CUDA does not allow forks
        return None
    server = WarmServer(ROOT)
    atexit.register(server.stop)
    return server


def warm_launcher() -> dict[str, str]:
    """Variables with which tools/dist_*.sh start launcher and processes as forks of the server.

    For tests of what processes do together. Launcher and processes are then no parent and children, so
    tests of how they die start from cold.
    """
    if warm_server() is None:
        return {}
    return {'PYTHON': str(warm_server().python), 'PYTHON_EXEC': str(warm_server().python)}


def run_ranks(script, folder, count=2, timeout=300) -> None:
    """Run ``python SCRIPT RANK FOLDER`` in a process for each rank, side by side."""
    with tempfile.TemporaryFile() as output:
        processes = [
            start(['python', script, rank, folder], output, PYTHONPATH=f'{ROOT}:{ROOT}/tests')
            for rank in range(count)
        ]
        try:
            codes = [process.wait(timeout) for process in processes]
        finally:
            for process in processes:
                process.kill()
        output.seek(0)
        text = output.read().decode()
    assert codes == [0] * count, text[-4000:]


def run(command, expect=0, timeout=300, **kwargs) -> str:
    """Run a command to its end and return its output; ``expect`` is 0 or any other for a failure."""
    with tempfile.TemporaryFile() as output:
        process = start(command, output, **kwargs)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        output.seek(0)
        text = output.read().decode()
    assert (code == 0) == (expect == 0), text[-4000:]
    return text
