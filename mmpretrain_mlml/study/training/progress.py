"""The progress display of a study: each run, and the time left for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import mean
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ...printable import printable
from .process import RunProcess


class ProgressDisplay:
    """Progress bars on a terminal; elsewhere a line for each change.

    Args:
        processes: The runs to train.
        total: Number of runs, including those that were finished before.
        jobs: Number of runs at a time.
    """

    def __init__(self, processes: Sequence[RunProcess], total: int, jobs: int) -> None:
        columns = _text('{task.description}'), BarColumn(), _text('{task.fields[state]}')
        self._progress = Progress(*columns, TimeElapsedColumn())
        self._processes = processes
        self._total = total
        self._jobs = jobs
        self._shown: dict[int, str] = {}
        self._whole = self._progress.add_task('all runs', total=total, state='')
        self._rows = [
            self._progress.add_task(
                printable(process.run.label), total=1.0, start=False, visible=False, state='waiting'
            )
            for process in processes
        ]

    def __enter__(self) -> ProgressDisplay:
        self._progress.start()
        before = self._total - len(self._processes)
        if before:
            self.print(f'{before} of {self._total} runs were finished before')
        return self

    def __exit__(self, *_: Any) -> None:
        self._progress.stop()

    def print(self, text: str) -> None:
        """Print a line above the progress bars."""
        self._progress.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def update(self) -> None:
        """Show what has changed."""
        for process, row in zip(self._processes, self._rows):
            if process.phase == 'waiting':
                continue
            self._progress.start_task(row)
            running = process.phase == 'running'
            self._progress.update(row, completed=process.done, state=process.state, visible=running)
            line = f'{process.run.name}: {process.state}'
            if self._shown.get(row) != line:
                self._shown[row] = line
                if not running or not self._progress.console.is_terminal:
                    self.print('; '.join(filter(None, [line, self._left()])))
        before = self._total - len(self._processes)
        done = before + sum(process.done for process in self._processes)
        self._progress.update(self._whole, completed=done, state=self._left())

    def _left(self) -> str:
        seconds = seconds_left(self._processes, self._jobs)
        return '' if seconds is None else f'about {timedelta(seconds=round(seconds))} left'


def _text(template: str) -> TextColumn:
    return TextColumn(template, markup=False)


def seconds_left(processes: Sequence[RunProcess], jobs: int) -> float | None:
    """Estimate the time left from the pace of the runs so far; None if no pace is known yet.

    Args:
        processes: The runs.
        jobs: Number of runs at a time.
    """
    paces = [process.pace for process in processes if process.pace]
    shares = [1 - process.done for process in processes if process.phase not in ('done', 'failed')]
    if not shares:
        return 0.0
    return mean(paces) * max(sum(shares) / jobs, max(shares)) if paces else None
