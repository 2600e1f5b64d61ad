"""Processes without the wait for imports: a server imports the stack once and forks for each run.

A cold start of tools/train.py spends seven seconds of a core on imports, and some on formatting its
config. A fork of the server is a real process with its own arguments, environment, folder, output,
signals and exit code. It cannot show whether a script's imports are complete: cold starts show that.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

PRELOADED = ('mmpretrain_mlml', 'mmpretrain.datasets', 'mmpretrain.models', 'mmpretrain.apis')


class WarmServer:
    """The server, as the tests see it."""

    def __init__(self, root: Path):
        self._root = str(root)
        self._folder = tempfile.TemporaryDirectory()
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(f'{self._folder.name}/server')
            listener.listen(64)
            descriptors = [theirs.fileno(), listener.fileno()]
            self._server = subprocess.Popen(
                [sys.executable, __file__, *map(str, descriptors)],
                env={**os.environ, 'PYTHONPATH': self._root, 'OMP_NUM_THREADS': '1'},
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
            )
        self.python = Path(self._folder.name, 'python')
        client = Path(__file__).with_name('warm_client.py')
        self.python.write_text(
            f'#!/bin/sh\nexport MLML_WARM_PYTHON={sys.executable}\n'
            f'export MLML_WARM_SERVER={self._folder.name}/server\n'
            f'exec {sys.executable} -I -S {client} "$@"\n'
        )
        self.python.chmod(0o755)

    def can_run(self, command, env) -> bool:
        """Whether a command is a script whose imports are those of the server."""
        return (
            command[0] == sys.executable
            and str(command[1]).endswith('.py')
            and env['PYTHONPATH'].split(':')[0] == self._root
            and env['OMP_NUM_THREADS'] == '1'
        )

    def start(self, command, cwd, env, output) -> 'WarmProcess':
        """Run ``python SCRIPT [argument ...]`` with its output in an open file."""
        request = {'argv': [str(part) for part in command[1:]], 'cwd': str(cwd), 'env': env}
        end, report = os.pipe()
        try:
            message = [json.dumps(request).encode()]
            socket.send_fds(self._connection, message, [output.fileno(), report])
        finally:
            os.close(report)
        return WarmProcess(command, end)

    def stop(self) -> None:
        self._connection.close()
        self._server.wait(60)
        self._folder.cleanup()


class WarmProcess:
    """A process forked by the server, with the methods of subprocess.Popen that tests use."""

    def __init__(self, command, reports: int):
        self.args = command
        self.returncode: int | None = None
        self._reports = os.fdopen(reports)
        self.pid = int(self._reports.readline())

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._reports], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout)
            self.returncode = int(self._reports.readline())
            self._reports.close()
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def serve(connection: socket.socket, listener: socket.socket) -> dict | None:
    """Fork for each request; return it in the fork, or None when there are no more.

    Requests come from the tests, through ``connection``, and from warm_client.py.
    """
    while True:
        ready, _, _ = select.select([connection, listener], [], [])
        client = listener.accept()[0] if connection not in ready else None
        message, descriptors, _, _ = socket.recv_fds(client or connection, 1 << 20, 2)
        if client is not None:
            client.close()
        elif not message:
            return None
        if (
            message and os.fork() == 0
        ):  # this fork is the parent of the run, and reports how it ends
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            connection.close()
            listener.close()
            output, report = descriptors
            pid = os.fork()
            if pid == 0:
                os.close(report)
                return {**json.loads(message), 'output': output}
            os.close(output)
            os.write(report, f'{pid}\n'.encode())
            if client is not None:
                kill_without_reader(pid, report)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with contextlib.suppress(BrokenPipeError):
                os.write(report, f'{code}\n'.encode())
            os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)


def kill_without_reader(pid: int, report: int) -> None:
    """Wait until a process has ended, and kill it if nobody reads its report any more."""
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(report, select.POLLERR)
    if ended not in dict(poll.poll()):
        os.kill(pid, signal.SIGKILL)


def take_place(argv, cwd, env, output) -> None:
    """Give this fork the arguments, folder, environment, output and search path of a new process."""
    import numpy as np

    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    np.random.seed()
    if argv[0] == '-u':
        argv.pop(0)
        sys.stdout.reconfigure(write_through=True)
    sys.argv = argv
    own = len(sys.path) - len(LIBRARIES)
    folder = cwd if argv[0] == '-m' else str(Path(cwd, argv[0]).parent)
    sys.path[:own] = [folder, *env['PYTHONPATH'].split(':')]


if __name__ == '__main__':
    # the folder of this file and PYTHONPATH, which the server has from its client, come first
    LIBRARIES = sys.path[1 + len(os.environ['PYTHONPATH'].split(':')) :]
    sys.path.pop(0)
    for name in PRELOADED:
        importlib.import_module(name)
    from mmengine.config import config

    from mmpretrain_mlml.parts import PARTS, load_part

    for name in PARTS:
        load_part(name)

    config.FormatCode = lambda text, **_: (text, True)
    gc.freeze()  # so that no fork copies memory just to look for garbage in it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    request = serve(*(socket.socket(fileno=int(number)) for number in sys.argv[1:]))
    if request is not None:
        take_place(**request)
        if sys.argv[0] == '-m':
            module = sys.argv.pop(1)
            runpy.run_module(module, run_name='__main__', alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name='__main__')
