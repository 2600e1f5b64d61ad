"""Training runs as processes of ``tools/train.py``, a few at a time."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from ...deprecation import warn_renamed
from ...runtime.threads import describe_threads, thread_variables
from ..plan.config_checks import DataCheck, error_context
from ..run import Run
from ..run_folder import LOG, folder_states
from .folder_lock import Orphan, find_orphans
from .process import RunProcess
from .progress import ProgressDisplay

_PACKAGE = Path(__file__).parents[3]


class RunsFailed(RuntimeError):
    """Some runs failed; the others were trained."""


def train_study(runs: Sequence[Run], work_dir: Path, jobs: int, resume: bool = True) -> None:
    """Check the data of the runs of a study, then :func:`train` them.

    Raises:
        RunsFailed: If runs failed, after the others are done.
        ValueError: If a folder holds a run of another config, or the data of a run cannot be
            loaded. Nothing has run or changed then.
    """
    states = _states(runs, work_dir) if resume else {}
    data = DataCheck()
    for run in runs:
        if states.get(run.name) != 'finished':
            with error_context(run.name):
                data.check(run.content)
    train(runs, work_dir, jobs, resume)


def train(
    runs: Sequence[Run],
    work_dir: Path,
    jobs: int,
    resume: bool = False,
    *,
    go_on: bool | None = None,
) -> None:
    """Train runs and show their progress.

    Args:
        runs: Runs to train, each in the folder ``work_dir/NAME``.
        work_dir: Folder of the study.
        jobs: Number of runs at a time. They share the cores of the processor, and each has one GPU
            if there are any.
        resume: Whether to continue an earlier call: finished runs are not trained again, begun ones
            resume from their last checkpoint. Otherwise all runs start anew.
        go_on: Deprecated name of ``resume``.

    Raises:
        RunsFailed: If runs failed, after the others are done. The message shows the ends of their
            logs.
        ValueError: If ``jobs`` is below 1, or a folder to resume holds a run of another config.
            Nothing has run then.
    """
    if go_on is not None:
        warn_renamed('train(go_on=...)', 'train(resume=...)')
        resume = go_on
    if jobs < 1:
        raise ValueError(f'expected one job or more, got {jobs}')
    work_dir = work_dir.resolve()
    states = _states(runs, work_dir) if resume else {}
    unfinished = [run for run in runs if states.get(run.name) != 'finished']
    processes = [RunProcess(run, work_dir / run.name, resume) for run in unfinished]
    with ProgressDisplay(processes, len(runs), jobs) as display, _sigterm_as_interrupt():
        if processes:
            display.print(describe_threads(jobs))
        _train_all(processes, work_dir, jobs, display)
    failed = [process for process in processes if process.phase == 'failed']
    if failed:
        logs = [f'{p.run.name} failed: see {p.folder / LOG}\n{p.log()[-3000:]}' for p in failed]
        advice = 'The same command resumes them; without the folder of a run it starts anew.'
        raise RunsFailed('\n'.join([*logs, advice]))


def gpu_names() -> list[str]:
    """Return the GPUs that may be used, by their names in CUDA_VISIBLE_DEVICES."""
    if not torch.cuda.is_available():
        return []
    names = os.environ.get('CUDA_VISIBLE_DEVICES')
    return names.split(',') if names else [str(n) for n in range(torch.cuda.device_count())]


def _states(runs: Sequence[Run], work_dir: Path) -> dict[str, str]:
    return {**folder_states({run.name: run.fingerprint for run in runs}, work_dir.resolve())}


def _train_all(
    processes: Sequence[RunProcess], work_dir: Path, jobs: int, display: ProgressDisplay
) -> None:
    """Run all processes, ``jobs`` at a time; however this ends, none is left running.

    What an earlier study has left running on this machine takes its place until it ends.
    """
    slots: list[RunProcess | None] = [None] * jobs
    orphans = list(find_orphans(work_dir))
    if orphans:
        names = ', '.join(orphan.folder.name for orphan in orphans)
        display.print(
            f'still running, of a study that was killed, and taking a place each: {names}'
        )
    try:
        while any(process.phase not in ('done', 'failed') for process in processes):
            orphans = [orphan for orphan in orphans if orphan.is_running()]
            for process in processes:
                slot = _free_slot(slots, orphans)
                if process.phase not in ('waiting', 'elsewhere') or slot is None:
                    continue
                if process.start(_environment(slot, jobs), slot):
                    slots[slot] = process
            time.sleep(0.5)
            for running in filter(None, slots):
                running.update()
            slots = [p if p and p.phase == 'running' else None for p in slots]
            display.update()
    finally:
        _stop([process for process in processes if process.phase == 'running'], display)


def _free_slot(slots: Sequence[RunProcess | None], orphans: Sequence[Orphan]) -> int | None:
    """Return the first slot in which neither a process of this study nor an orphan runs."""
    free = [slot for slot, process in enumerate(slots) if process is None]
    if len(free) <= len(orphans):
        return None
    taken = {orphan.place for orphan in orphans}
    return next(slot for slot in free if slot not in taken)


def _stop(processes: Sequence[RunProcess], display: ProgressDisplay) -> None:
    if not processes:
        return
    display.print(f'stopping {len(processes)} runs, which save a checkpoint; once more kills them')
    for process in processes:
        process.terminate()
    try:
        for process in processes:
            process.process.wait()
    except KeyboardInterrupt:
        for process in processes:
            process.process.kill()
            process.process.wait()


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Handle SIGTERM like Ctrl-C in the main thread."""
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
    """Return the variables of the process in one of ``jobs`` slots: cores, GPU, import path."""
    # the package is found even if it is not installed
    paths = [str(_PACKAGE), *filter(None, [os.environ.get('PYTHONPATH')])]
    variables = {'PYTHONPATH': os.pathsep.join(paths), **thread_variables(jobs)}
    gpus = gpu_names()
    if gpus:
        variables['CUDA_VISIBLE_DEVICES'] = gpus[slot % len(gpus)]
    return variables
