"""``python`` for shell scripts and launchers: it asks the server of warm_start.py to run a script.

It stands for the process that the server forks: it passes signals on and ends as that process ends. If
it is killed, so is that process. What the server cannot run is run by a Python of its own. It imports
no package, and so starts at once.
"""

import json
import os
import signal
import socket
import sys

PYTHON, SERVER = 'MLML_WARM_PYTHON', 'MLML_WARM_SERVER'  # variables of the environment


def main() -> None:
    arguments = sys.argv[1:]
    if os.environ.get('OMP_NUM_THREADS') != '1' or not is_script(arguments):
        os.execv(os.environ[PYTHON], [os.environ[PYTHON], *arguments])
    request = {'argv': arguments, 'cwd': os.getcwd(), 'env': dict(os.environ)}  # noqa: PTH109  no imports
    reports, report = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(os.environ[SERVER])
        socket.send_fds(server, [json.dumps(request).encode()], [1, report])
    os.close(report)
    with os.fdopen(reports) as lines:
        pid = int(lines.readline())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, _: os.kill(pid, number))
        code = int(lines.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def is_script(arguments: list[str]) -> bool:
    """Whether the arguments are ``[-u] (SCRIPT.py | -m MODULE) ...``."""
    rest = arguments[arguments[:1] == ['-u'] :]
    return len(rest) > 1 and (rest[0] == '-m' or rest[0].endswith('.py'))


if __name__ == '__main__':
    main()
