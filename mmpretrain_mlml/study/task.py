"""A run as a process of tools/train.py, to be started, looked at, and stopped."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from mmengine.config import Config

from .runs import LOG, NOTE, PREDICTIONS, RECOVERY, Run, condition, note

_TAIL = 30_000  # bytes of a log that tell where it is


class Task:
    """One run and its process.

    While it trains, the process holds a lock on its folder, also if the study that started it is
    killed: another one then waits for it instead of training twice in one folder.

    Args:
        run: What is to be trained.
        folder: Where.
        go_on: Whether to go on from what the folder holds of the run, or to start anew.

    Attributes:
        phase: ``'waiting'``, ``'elsewhere'`` (run by an earlier study), ``'running'``, ``'done'`` or
            ``'failed'``.
        done: Share of the training, in [0, 1].
        state: What a person is told.
        seconds: How long the process has run.
    """

    def __init__(self, run: Run, folder: Path, go_on: bool) -> None:
        self.run = run
        self.folder = folder
        self.go_on = go_on
        self.phase = self.state = 'waiting'
        self.done = self.seconds = 0.0
        self.process: subprocess.Popen | None = None
        # seconds and done, when that first grew and last
        self._marks: list[tuple[float, float]] = []
        self._epochs = Config.fromfile(run.file).train_cfg.get('max_epochs')

    def start(self, environment: Mapping[str, str]) -> bool:
        """Starts the process, unless one of an earlier study is at work or has done the work."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / 'lock').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.phase = 'elsewhere'
                self.state = 'waiting for the process of an earlier study, which is still at work'
                return False
            found = condition(self.folder, self.run.fingerprint) if self.go_on else 'new'
            if found == 'finished':
                self.phase, self.state, self.done = 'done', 'done by another study', 1.0
                return False
            self._resumed = found == 'begun'
            if not self._resumed:
                for name in (NOTE, PREDICTIONS, RECOVERY):
                    (self.folder / name).unlink(missing_ok=True)
            self._command = self.run.command(self.folder, self._resumed)
            note(self.run, self.folder, self._command, finished=False)
            with (self.folder / LOG).open('a' if self._resumed else 'w') as log:
                self._from = log.tell()
                self.process = subprocess.Popen(
                    self._command,
                    env={**os.environ, **environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for the study, which stops it properly
                    pass_fds=[lock.fileno()],
                )
        self._started = time.monotonic()
        self.phase, self.state = 'running', 'starting'
        return True

    def look(self) -> None:
        """Reads the log on, and whether the process has ended."""
        code = self.process.poll()
        self.seconds = time.monotonic() - self._started
        log = self.log()
        epochs = re.findall(r'Epoch\(train\) +\[(\d+)\]\[ *(\d+)/ *(\d+)\]', log)
        iterations = re.findall(r'Iter\(train\) +\[ *(\d+)/ *(\d+)\]', log)
        if epochs and self._epochs:
            epoch, step, length = map(int, epochs[-1])
            self.done = (epoch - 1 + step / length) / self._epochs
            self.state = f'epoch {epoch} of {self._epochs}'
        elif iterations:
            self.done = int(iterations[-1][0]) / int(iterations[-1][1])
            self.state = 'iteration {} of {}'.format(*iterations[-1])
        if self.done and (not self._marks or self.done > self._marks[-1][1]):
            self._marks = [*self._marks[:1], (self.seconds, self.done)]
        if code == 0:
            note(self.run, self.folder, self._command, finished=True)
            self.phase, self.done = 'done', 1.0
            self.state = f'done in {timedelta(seconds=round(self.seconds))}'
        elif code is not None:
            self.phase, self.state = 'failed', f'failed (exit code {code}): see {self.folder / LOG}'

    @property
    def pace(self) -> float | None:
        """Seconds that a whole run takes, as far as can be told by now.

        From the first step of its progress to the last; before there are two, from the start, unless
        it was resumed and how much was done before cannot be told.
        """
        if not self._marks or (self._resumed and len(self._marks) == 1):
            return None
        (seconds, done), *later = self._marks
        return (later[0][0] - seconds) / (later[0][1] - done) if later else seconds / done

    def log(self) -> str:
        """The end of what the process has printed."""
        with (self.folder / LOG).open('rb') as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._from, end - _TAIL))
            return file.read().decode(errors='replace')

    def ask_to_stop(self) -> None:
        """On SIGTERM the process saves ``interrupted.pth`` and leaves."""
        self.process.terminate()
