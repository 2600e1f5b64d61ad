"""A run as a process of ``tools/train.py``: to start, to watch and to stop."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

from ...runtime.work_dir_lock import describe_holder, training_in
from ..run import Run
from ..run_folder import LOG, PREDICTIONS, RECOVERY, RUN_JSON, folder_state, write_run_json
from .folder_lock import open_lock, write_owner

_TAIL = 30_000  # bytes at the end of a log in which its last progress line stands


class RunProcess:
    """One run and its process.

    The process holds a lock on its folder while it trains. If the study that started it is killed,
    another study waits for the process instead of training a second time in the folder.

    Args:
        run: The run to train.
        folder: Its folder.
        resume: Whether to continue what the folder holds of the run, or to start anew.

    Attributes:
        phase: ``'waiting'``, ``'elsewhere'`` (trained by an earlier study), ``'running'``,
            ``'done'`` or ``'failed'``.
        done: Share of the training that is done, in [0, 1].
        state: Text for the progress display.
        seconds: Time since the start of the process.
    """

    def __init__(self, run: Run, folder: Path, resume: bool) -> None:
        self.run = run
        self.folder = folder
        self.resume = resume
        self.phase: Literal['waiting', 'elsewhere', 'running', 'done', 'failed'] = 'waiting'
        self.state = 'waiting'
        self.done = self.seconds = 0.0
        self._process: subprocess.Popen | None = None
        self._resumed = False
        self._log_start = 0  # where this process began to write into the log
        # (seconds, done) when progress was first seen, and when it last grew
        self._marks: list[tuple[float, float]] = []
        self._epochs = run.content.train_cfg.get('max_epochs')

    @property
    def process(self) -> subprocess.Popen:
        """The started process."""
        assert self._process is not None, f'{self.run.name} was not started'
        return self._process

    def start(self, environment: Mapping[str, str], place: int = 0) -> bool:
        """Start the process, unless another process trains in the folder or has finished the run.

        Args:
            environment: Variables to set in the environment of the process.
            place: Its place among the runs that train at a time, 0-based.

        Returns:
            Whether the process was started.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = open_lock(self.folder)
        if lock is None:
            self.phase = 'elsewhere'
            self.state = 'waiting for the process of an earlier study, which still trains it'
            return False
        with lock:
            if training_in(self.folder) is not None:  # tools/train.py, started by somebody else
                self.phase = 'elsewhere'
                self.state = f'waiting for the training there: {describe_holder(self.folder)}'
                return False
            state = folder_state(self.folder, self.run.fingerprint) if self.resume else 'new'
            if state == 'finished':
                self.phase, self.state, self.done = 'done', 'done by another study', 1.0
                return False
            self._resumed = state == 'begun'
            if not self._resumed:
                for name in (RUN_JSON, PREDICTIONS, RECOVERY):
                    (self.folder / name).unlink(missing_ok=True)
            self.run.write_config(self.folder)
            self._command = self.run.command(self.folder, self._resumed)
            self._write_run_json(finished=False)
            write_owner(lock, place)
            with (self.folder / LOG).open('a' if self._resumed else 'w') as log:
                self._log_start = log.tell()
                self._process = subprocess.Popen(
                    self._command,
                    env={**os.environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C reaches the study, which stops it properly
                    pass_fds=[lock.fileno()],
                )
        self._started = time.monotonic()
        self.phase, self.state = 'running', 'starting'
        return True

    def update(self) -> None:
        """Read progress from the log, and check whether the process has ended."""
        code = self.process.poll()
        self.seconds = time.monotonic() - self._started
        self._read_progress()
        if self.done and (not self._marks or self.done > self._marks[-1][1]):
            self._marks = [*self._marks[:1], (self.seconds, self.done)]
        if code == 0:
            self._write_run_json(finished=True)
            self.phase, self.done = 'done', 1.0
            self.state = f'done in {timedelta(seconds=round(self.seconds))}'
        elif code is not None:
            self.phase, self.state = 'failed', f'failed (exit code {code}): see {self.folder / LOG}'

    @property
    def pace(self) -> float | None:
        """Seconds that the whole run takes, estimated from its progress; None if not known yet.

        Progress counts from the first step seen to the last. While there is only one, it counts from
        the start, except after a resumption: how much was done before is not known then.
        """
        if not self._marks or (self._resumed and len(self._marks) == 1):
            return None
        (seconds, done), *later = self._marks
        return (later[0][0] - seconds) / (later[0][1] - done) if later else seconds / done

    def log(self) -> str:
        """Return the end of what the process has printed."""
        with (self.folder / LOG).open('rb') as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start, end - _TAIL))
            return file.read().decode(errors='replace')

    def terminate(self) -> None:
        """Send SIGTERM, upon which the process saves ``interrupted.pth`` and ends."""
        self.process.terminate()

    def _read_progress(self) -> None:
        log = self.log()
        epochs = re.findall(r'Epoch\(train\) +\[(\d+)\]\[ *(\d+)/ *(\d+)\]', log)
        iterations = re.findall(r'Iter\(train\) +\[ *(\d+)/ *(\d+)\]', log)
        if epochs and self._epochs:
            epoch, step, length = map(int, epochs[-1])
            self.done = (epoch - 1 + step / length) / self._epochs
            self.state = f'epoch {epoch} of {self._epochs}'
        elif iterations:
            step, length = map(int, iterations[-1])
            self.done = step / length
            self.state = f'iteration {step} of {length}'

    def _write_run_json(self, finished: bool) -> None:
        write_run_json(self.folder, self.run.fingerprint, self._command, finished)
