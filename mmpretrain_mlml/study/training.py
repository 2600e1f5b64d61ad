"""Training runs as ordinary processes of tools/train.py, a few at a time."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from ..runtime.threads import describe_threads, thread_variables
from .display import Display
from .runs import LOG, Run, conditions
from .task import Task

_PACKAGE = Path(__file__).parents[2]


class RunsFailed(RuntimeError):
    """Some runs failed; the others were trained."""


def train(runs: Sequence[Run], work_dir: Path, jobs: int, go_on: bool = False) -> None:
    """Trains all runs and shows their progress.

    Args:
        runs: What to train, each into ``work_dir/name``; a folder of an earlier run is used anew.
        work_dir: Folder of the study.
        jobs: How many runs at a time. The processor's cores are shared out among them, and each has
            one GPU, where there are any.
        go_on: Whether to go on where an earlier call was: runs that it finished are not run again,
            those it began go on from their last checkpoint.

    Raises:
        RunsFailed: Some runs failed, after the others are done; shows the ends of their logs.
        ValueError: ``jobs`` is below 1, or with ``go_on`` a folder holds a run of another config;
            nothing has run.
    """
    if jobs < 1:
        raise ValueError(f'expected one job or more, got {jobs}')
    work_dir = work_dir.resolve()
    new = dict.fromkeys((run.name for run in runs), 'new')
    found = conditions({r.name: r.fingerprint for r in runs}, work_dir) if go_on else new
    tasks = [Task(run, work_dir / run.name, go_on) for run in runs if found[run.name] != 'finished']
    with Display(tasks, total=len(runs), jobs=jobs) as display, _sigterm_interrupts():
        if tasks:
            display.say(describe_threads(jobs))
        failed = _work(tasks, jobs, display)
    if failed:
        shown = [f'{t.run.name} failed: see {t.folder / LOG}\n{t.log()[-3000:]}' for t in failed]
        advice = 'The same command goes on with them; without the folder of a run it starts anew.'
        raise RunsFailed('\n'.join([*shown, advice]))


def _work(tasks: Sequence[Task], jobs: int, display: Display) -> list[Task]:
    """Runs all tasks; returns those that failed. However it ends, no process is left running."""
    places: list[Task | None] = [None] * jobs
    try:
        while any(task.phase not in ('done', 'failed') for task in tasks):
            for task in tasks:
                if task.phase in ('waiting', 'elsewhere') and None in places:
                    place = places.index(None)
                    if task.start(_environment(place, jobs)):
                        places[place] = task
            time.sleep(0.5)
            for task in filter(None, places):
                task.look()
            places = [task if task and task.phase == 'running' else None for task in places]
            display.update()
    finally:
        _stop([task for task in tasks if task.phase == 'running'], display)
    return [task for task in tasks if task.phase == 'failed']


def _stop(tasks: Sequence[Task], display: Display) -> None:
    if not tasks:
        return
    display.say(f'stopping {len(tasks)} runs, which save a checkpoint; once more kills them')
    for task in tasks:
        task.ask_to_stop()
    try:
        for task in tasks:
            task.process.wait()
    except KeyboardInterrupt:
        for task in tasks:
            task.process.kill()
            task.process.wait()


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Inside, SIGTERM is to the main thread what Ctrl-C is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _environment(slot: int, jobs: int) -> dict[str, str]:
    """Of the process in one of the ``jobs`` places: cores, one GPU, and where the package is."""
    paths = [str(_PACKAGE), *filter(None, [os.environ.get('PYTHONPATH')])]  # also if not installed
    found = {
        'PYTHONPATH': os.pathsep.join(paths),
        **thread_variables(jobs),
    }
    gpus = gpu_names()
    if gpus:
        found['CUDA_VISIBLE_DEVICES'] = gpus[slot % len(gpus)]
    return found


def gpu_names() -> list[str]:
    """The GPUs that may be used, as CUDA_VISIBLE_DEVICES calls them."""
    if not torch.cuda.is_available():
        return []
    named = os.environ.get('CUDA_VISIBLE_DEVICES')
    return named.split(',') if named else [str(n) for n in range(torch.cuda.device_count())]
