"""The report of a study: a table, figures, and a file with all numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..comparison.cells import SCORES
from ..comparison.gains import compare
from ..plan.study_file import Study
from ..records.run_record import RunRecord, read_record, read_run
from ..run import Run
from ..run_folder import folder_state
from .class_figures import draw_classes
from .epoch_figures import draw_curves, draw_recovery
from .markdown import study_markdown
from .results_json import results_json
from .score_figures import draw_scores


def report_study(study: Study, work_dir: Path) -> str:
    """Write the report of the finished runs into ``work_dir/report``.

    Returns:
        The table, which names the runs that are not counted.

    Raises:
        ValueError: If no run is finished.
    """
    records, missing = read_study_records(study, work_dir)
    out = work_dir / 'report'
    return write_report(records, out, study.name, study.reference, study.full, missing)


def read_study_records(study: Study, work_dir: Path) -> tuple[list[RunRecord], dict[str, str]]:
    """Return the records of the finished runs, and why each other run is not counted, by name."""
    records, missing = [], {}
    for run in study.runs:
        try:
            record = _read(run, work_dir / run.name)
        except (KeyError, OSError, ValueError) as error:
            record = f'cannot be read: {error}'
        if isinstance(record, RunRecord):
            records.append(record)
        else:
            missing[run.name] = record
    return records, missing


def write_report(
    records: Sequence[RunRecord],
    out: Path,
    name: str,
    reference: str | None = 'BCE',
    full: str | None = 'full',
    missing: Mapping[str, str] | None = None,
) -> str:
    """Write ``table.md``, ``results.json`` and the figures for which there is content.

    The figures are ``table.png``, ``curves.png``, ``classes.png`` and ``recovery.png``. If the runs
    make several tables (backbones, numbers of images), each has its own.

    Args:
        records: Finished runs, from :func:`~mmpretrain_mlml.study.records.read_record`.
        out: Folder of the report. Its earlier figures are removed.
        name: Name of the study.
        reference: Loss that the others are compared with, if any.
        full: Labels of which none is missing, if any.
        missing: Reason why a run of the study is not counted, by the name of the run.

    Returns:
        The content of ``table.md``.

    Raises:
        ValueError: If there is no record, or they cannot be compared.
    """
    missing = missing or {}
    if not records:
        raise ValueError(f'no finished run to report of: {dict(missing)}')
    by_table: dict[str, list[RunRecord]] = {}
    for record in records:
        by_table.setdefault(record.table, []).append(record)
    tables = {title: compare(runs, reference, full) for title, runs in by_table.items()}
    text = study_markdown(name, tables, reference, missing)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob('*.png'):
        old.unlink()
    (out / 'table.md').write_text(text, encoding='utf-8')
    results = results_json(name, tables, records, missing)
    (out / 'results.json').write_text(json.dumps(results, indent=1, allow_nan=False))
    for title, cells in tables.items():
        ending = f'_{title.replace(", ", "_")}.png' if title else '.png'
        headline = ', '.join(filter(None, [name, title, 'partial' if missing else '']))
        rows = {score: (cells, score) for score in SCORES}
        draw_scores(rows, headline, out / f'table{ending}', reference, full)
        draw_curves(cells, headline, reference, full, out / f'curves{ending}')
        draw_recovery(by_table[title], headline, out / f'recovery{ending}')
        if reference:
            draw_classes(cells, headline, reference, out / f'classes{ending}')
    return text


def _read(run: Run, folder: Path) -> RunRecord | str:
    """Return the record of a finished run, or why there is none."""
    state = folder_state(folder, run.fingerprint)
    if state == 'finished':
        return read_record(
            folder,
            loss=run.loss,
            labels=run.labels,
            seed=run.seed,
            table=run.table,
            base=run.config,
            options=run.overrides,
        )
    if state == 'begun':
        begun = read_run(folder)
        if begun is None:
            return 'begun, nothing validated yet'
        return f'validated {begun.reached} of {begun.planned}'
    return 'its folder holds a run of another config' if state == 'other' else 'not run'
