"""A study from its file to its report."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from .config_checks import DataCheck, naming
from .plan import PlannedRun, Study
from .records import read_record
from .report import write_report
from .results import read_result
from .runs import condition, conditions
from .training import train


def choose(study: Study, patterns: Sequence[str]) -> list[PlannedRun]:
    """The runs whose names match one of some patterns, all of them without a pattern.

    Raises:
        ValueError: A pattern matches none.
    """
    for pattern in patterns:
        if not any(fnmatchcase(run.name, pattern) for run in study.runs):
            names = ', '.join(run.name for run in study.runs)
            raise ValueError(f'no run matches {pattern!r}; there are {names}')
    return [
        run
        for run in study.runs
        if not patterns or any(fnmatchcase(run.name, pattern) for pattern in patterns)
    ]


def train_study(runs: Sequence[PlannedRun], work_dir: Path, jobs: int) -> None:
    """Trains the runs that are not finished, each from a config that is written into its folder.

    Raises:
        RunsFailed: Some runs failed, after the others are done.
        ValueError: A folder holds a run of another config, or the data of a run cannot be had; nothing
            has run, or changed.
    """
    work_dir = work_dir.resolve()
    found = conditions({run.name: run.fingerprint for run in runs}, work_dir)
    data = DataCheck()
    for run in runs:
        if found[run.name] != 'finished':
            with naming(run.name):
                data.check(run.config)
    train([run.write(work_dir) for run in runs], work_dir, jobs, go_on=True)


def report_study(study: Study, work_dir: Path) -> str:
    """Writes the report of what is finished into ``work_dir/report``.

    Returns:
        The table, which names the runs that are not counted.

    Raises:
        ValueError: No run is finished.
    """
    records, missing = [], {}
    for run in study.runs:
        folder = work_dir / run.name
        names = {'loss': run.loss, 'labels': run.labels, 'seed': run.seed}
        try:
            kind = condition(folder, run.fingerprint)
            if kind == 'finished':
                records.append(read_record(folder, run.table, run.base, run.overrides, **names))
            else:
                missing[run.name] = _why(folder, kind)
        except (KeyError, OSError, ValueError) as error:
            missing[run.name] = f'cannot be read: {error}'
    return write_report(
        records, work_dir / 'report', study.name, study.reference, study.full, missing
    )


def _why(folder: Path, kind: str) -> str:
    if kind == 'other':
        return 'its folder holds a run of another config'
    result = read_result(folder) if kind == 'begun' else None
    if result:
        return f'validated {result.reached} of {result.planned}'
    return 'begun, nothing validated yet' if kind == 'begun' else 'not run'
