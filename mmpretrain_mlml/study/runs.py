"""Training runs as ordinary processes of tools/train.py, a few at a time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from joblib import cpu_count
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ..paths import config, shipped


@dataclass(frozen=True)
class Run:
    """One training run of a study.

    Attributes:
        name: Name of its folder.
        config: Name of a shipped config.
        label: How figures and tables call it.
        options: Further ``--cfg-options``.
    """

    name: str
    config: str
    label: str
    options: Sequence[str] = field(default=())


def train(
    runs: Sequence[Run], work_dir: Path, jobs: int, go_on: bool = False
) -> dict[str, list[dict[str, float]]]:
    """Trains all runs and shows their progress.

    Args:
        runs: What to train, each into ``work_dir/name``; a folder of an earlier run is used anew.
        work_dir: Folder of the study.
        jobs: How many runs at a time; the processor's cores are shared out among them.
        go_on: Whether runs that an earlier call finished, with the same options, are not run again.

    Returns:
        By run name, the scores of each validation in order.

    Raises:
        RuntimeError: A run failed; shows the end of its log.
    """
    finished = {run.name: _finished(run, work_dir) if go_on else None for run in runs}
    scores = {name: found for name, found in finished.items() if found}
    waiting, running, shown = [run for run in runs if run.name not in scores], {}, {}
    columns = TextColumn('{task.description}'), BarColumn(), TextColumn('{task.fields[state]}')
    with Progress(*columns, TimeElapsedColumn()) as progress:
        tasks = {
            run.name: progress.add_task(run.label, total=1.0, start=False, state='waiting')
            for run in waiting
        }
        if scores:
            progress.console.print(f'{len(scores)} of {len(runs)} runs were finished before')
        described = {run.name: run for run in waiting}
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    run = waiting.pop(0)
                    progress.start_task(tasks[run.name])
                    running[run.name] = _start(run, work_dir, jobs)
                time.sleep(0.5)
                for name, process in list(running.items()):
                    code = process.poll()
                    log = (work_dir / name / 'out.log').read_text(errors='replace')
                    done, state = _progress(log)
                    if not progress.console.is_terminal and shown.get(name) != state:
                        progress.console.print(f'{name}: {done:.0%}, {state}')
                    shown[name] = state
                    progress.update(tasks[name], completed=done, state=state)
                    if code is not None:
                        del running[name]
                        if code != 0:
                            raise RuntimeError(f'{name} failed:\n' + log[-3000:])
                        scores[name] = read_scores(work_dir / name)
                        _note(described[name], work_dir, scores[name])
                        progress.update(tasks[name], completed=1.0, state='done')
                        progress.stop_task(tasks[name])
        finally:
            for process in running.values():
                process.terminate()
            for process in running.values():
                process.wait()
    return scores


def read_scores(run_dir: Path) -> list[dict[str, float]]:
    """The scores of each validation in a work directory, in order, over all resumptions of its run.

    A run that starts anew in a used folder replaces the earlier one.
    """
    by_epoch: dict[int, dict[str, float]] = {}
    logs = run_dir.glob('*/vis_data/scalars.json')
    for log in sorted(logs, key=lambda path: path.parents[1].name):
        rows = [json.loads(line) for line in log.read_text().splitlines()]
        rows = [row for row in rows if 'multi-label/mAP' in row]
        if rows:
            by_epoch = {epoch: row for epoch, row in by_epoch.items() if epoch < rows[0]['step']}
        by_epoch |= {row['step']: row for row in rows}
    return list(by_epoch.values())


def _note(run: Run, work_dir: Path, scores: list[dict[str, float]]) -> None:
    noted = {'config': run.config, 'options': list(run.options), 'scores': scores}
    (work_dir / run.name / 'finished.json').write_text(json.dumps(noted, indent=1))


def _finished(run: Run, work_dir: Path) -> list[dict[str, float]] | None:
    """The scores of a run that is done; None if it is not, or was of another kind."""
    path = work_dir / run.name / 'finished.json'
    noted = json.loads(path.read_text()) if path.is_file() else {}
    same = noted.get('config') == run.config and noted.get('options') == list(run.options)
    return noted['scores'] if same else None


def _start(run: Run, work_dir: Path, jobs: int) -> subprocess.Popen:
    folder = work_dir / run.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'finished.json').unlink(missing_ok=True)
    threads = max(1, cpu_count() // jobs)
    importable = str(Path(__file__).parents[2])  # also from a checkout that is not installed
    paths = [importable, *filter(None, [os.environ.get('PYTHONPATH')])]
    options = ['--cfg-options', *run.options] if run.options else []
    with (folder / 'out.log').open('w') as log:
        return subprocess.Popen(
            [
                sys.executable,
                shipped('tools') / 'train.py',
                config(run.config),
                '--work-dir',
                folder,
                *options,
            ],
            env={
                **os.environ,
                'PYTHONPATH': os.pathsep.join(paths),
                'OMP_NUM_THREADS': str(threads),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _progress(log: str) -> tuple[float, str]:
    """Share done and a word on it, from the last line of training in a log."""
    steps = re.findall(r'Epoch\(train\) +\[(\d+)\]\[ *(\d+)/(\d+)\].*?eta: (\S+)', log)
    total = re.findall(r'max_epochs=(\d+)', log)
    if not steps or not total:
        return 0.0, 'starting'
    epoch, step, per_epoch = map(int, steps[-1][:3])
    done = (epoch - 1 + step / per_epoch) / int(total[-1])
    return done, f'{steps[-1][3]} left'
