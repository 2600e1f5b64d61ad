"""How gpu.py runs its parts: processes with a log and a limit of time. Not a script."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TAIL = 2500  # characters of a log that are printed when a part fails


class PartFailed(RuntimeError):
    """A part did not do what it should; it may have results all the same.

    Args:
        message: What went wrong, and the end of the log.
        results: What was found until then.
    """

    def __init__(self, message: str, results: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.results = results or {}


@dataclass
class Session:
    """The options of a run, and its clock.

    Attributes:
        device: ``'cuda'`` or ``'cpu'``.
        tiny: Whether to take a few small steps only.
        folder: Folder for logs and for what the parts write.
        end: When the time is over, as ``time.monotonic`` counts.
    """

    device: str
    tiny: bool
    folder: Path
    end: float

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(self.end - time.monotonic(), 0)

    def call(self, name: str, *command: str | Path, seconds: float) -> str:
        """Run a Python command in the repository and return its output, which is kept in NAME.log.

        Raises:
            PartFailed: If its exit code is not 0, or its time is over.
        """
        seconds = min(seconds, self.left())
        log = self.folder / f'{name}.log'
        paths = filter(None, [str(ROOT), os.environ.get('PYTHONPATH')])
        with log.open('w') as output:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                cwd=ROOT,
                env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths), 'PYTHONUNBUFFERED': '1'},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = process.wait(seconds)
                problem = f'exit code {code}' if code else ''
            except subprocess.TimeoutExpired:
                problem = f'not done after {seconds:.0f} s'
            finally:
                end_group(process)
        text = log.read_text(errors='replace')
        if problem:
            raise PartFailed(f'{problem}: {" ".join(map(str, command))}\n{text[-TAIL:]}')
        return text

    def measure(self, script: str, *options: str, seconds: float) -> dict[str, Any]:
        """Run a benchmark beside this file and return what it writes."""
        name = script.removesuffix('.py')
        out = self.folder / f'{name}.json'
        command = str(HERE / script), '--out', str(out), '--device', self.device, *options
        out.unlink(missing_ok=True)
        try:
            self.call(name, *command, seconds=seconds)
        except PartFailed as error:
            if out.exists():  # it failed after it had something to tell
                error.results = json.loads(out.read_text())
            raise
        return json.loads(out.read_text())


def end_group(process: subprocess.Popen) -> None:
    """Kill what is left of a process and of those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
