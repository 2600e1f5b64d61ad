"""What a person sees while runs train: each of them, and the time left for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import mean
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .task import Task


class Display:
    """Progress bars on a terminal; elsewhere a line for each thing that changes.

    Args:
        tasks: What is to be run.
        total: Number of runs, with those that are done.
        jobs: How many run at a time.
    """

    def __init__(self, tasks: Sequence[Task], total: int, jobs: int) -> None:
        columns = TextColumn('{task.description}'), BarColumn(), TextColumn('{task.fields[state]}')
        self._progress = Progress(*columns, TimeElapsedColumn())
        self._tasks = tasks
        self._total = total
        self._jobs = jobs
        self._shown: dict[int, str] = {}
        self._whole = self._progress.add_task('all runs', total=total, state='')
        self._rows = [
            self._progress.add_task(
                t.run.label, total=1.0, start=False, visible=False, state='waiting'
            )
            for t in tasks
        ]

    def __enter__(self) -> Display:
        self._progress.start()
        if self._total > len(self._tasks):
            self.say(f'{self._total - len(self._tasks)} of {self._total} runs were finished before')
        return self

    def __exit__(self, *_: Any) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def update(self) -> None:
        for task, row in zip(self._tasks, self._rows):
            if task.phase == 'waiting':
                continue
            self._progress.start_task(row)
            running = task.phase == 'running'
            self._progress.update(row, completed=task.done, state=task.state, visible=running)
            told = f'{task.run.name}: {task.state}'
            if self._shown.get(row) != told:
                self._shown[row] = told
                if not running or not self._progress.console.is_terminal:
                    self.say('; '.join(filter(None, [told, self._left()])))
        done = self._total - len(self._tasks) + sum(task.done for task in self._tasks)
        self._progress.update(self._whole, completed=done, state=self._left())

    def _left(self) -> str:
        seconds = seconds_left(self._tasks, self._jobs)
        return '' if seconds is None else f'about {timedelta(seconds=round(seconds))} left'


def seconds_left(tasks: Sequence[Task], jobs: int) -> float | None:
    """An estimate from the pace of the runs so far; None before there is one."""
    paces = [task.pace for task in tasks if task.pace]
    shares = [1 - task.done for task in tasks if task.phase not in ('done', 'failed')]
    if not shares:
        return 0.0
    return mean(paces) * max(sum(shares) / jobs, max(shares)) if paces else None
