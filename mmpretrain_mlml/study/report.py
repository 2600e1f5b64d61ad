"""From finished runs to the report of a study: a table, pictures, and a file with all figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .comparison import SCORES, Cells, compare
from .figures import draw_classes, draw_recoveries, draw_table
from .markdown import study_markdown
from .records import Record


def write_report(
    records: Sequence[Record],
    out: Path,
    name: str,
    reference: str | None = 'BCE',
    full: str | None = 'full',
    missing: Mapping[str, str] | None = None,
) -> str:
    """Writes ``table.md results.json table.png classes.png recovery.png``, as far as there is content.

    Where the runs make several tables (backbones, numbers of images) each has its own pictures.

    Args:
        records: Of :func:`~mmpretrain_mlml.study.records.read_record`.
        out: Folder of the report.
        name: Of the study.
        reference: The loss that the others are compared with, if any.
        full: The labels without a gap, if any.
        missing: Why each run that belongs to the study is not counted, by name.

    Returns:
        The content of ``table.md``.

    Raises:
        ValueError: There is no record, or they cannot be compared.
    """
    missing = missing or {}
    if not records:
        raise ValueError(f'no finished run to report of: {dict(missing)}')
    by_table: dict[str, list[Record]] = {}
    for record in records:
        by_table.setdefault(record.table, []).append(record)
    tables = {title: compare(found, reference, full) for title, found in by_table.items()}
    text = study_markdown(name, tables, reference, missing)
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob('*.png'):
        old.unlink()
    (out / 'table.md').write_text(text, encoding='utf-8')
    content = {
        'study': name,
        'complete': not missing,
        'missing': missing,
        'tables': {title: _figures(cells) for title, cells in tables.items()},
        'runs': [_told(record) for record in records],
    }
    (out / 'results.json').write_text(json.dumps(content, indent=1, allow_nan=False))
    for title, cells in tables.items():
        end = f'_{title.replace(", ", "_")}.png' if title else '.png'
        headline = ', '.join(filter(None, [name, title, 'partial' if missing else '']))
        draw_table(cells, headline, reference, full, out / f'table{end}')
        if reference:
            draw_classes(cells, headline, reference, out / f'classes{end}')
        draw_recoveries(by_table[title], headline, out / f'recovery{end}')
    return text


def _figures(cells: Cells) -> list[dict[str, Any]]:
    found = []
    for (loss, labels), cell in cells.items():
        names = cell.runs[0].predictions.classes.tolist()
        found.append(
            {
                'loss': loss,
                'labels': labels,
                'seeds': [run.result.seed for run in cell.runs],
                'mean': {score: cell.mean(score) for score in SCORES},
                'sd': {score: cell.spread(score) for score in SCORES},
                'difference': {key: asdict(value) for key, value in cell.differences.items()},
                'gap_closed': {key: asdict(value) for key, value in cell.closed.items()},
                'class_gains': {}
                if cell.gains is None
                else {
                    n: round(g, 3) for n, g in zip(names, cell.gains.tolist()) if not np.isnan(g)
                },
            }
        )
    return found


def _told(record: Record) -> dict[str, Any]:
    result = record.result
    return {
        'folder': result.folder.name,
        'table': record.table,
        'loss': result.loss,
        'labels': result.labels,
        'seed': result.seed,
        'setting': result.setting,
        'config': record.base,
        'options': record.options,
        'command': record.command,
        'versions': record.versions,
        'seconds': round(record.seconds),
        'images': len(record.predictions.names),
        'published': str(result.published) if result.published else None,
        'scores': [
            {key: value for key, value in row.items() if key == 'step' or '/' in key}
            for row in record.scores
        ],
        'recovery': [
            {key: value for key, value in row.items() if not isinstance(value, list)}
            for row in record.recovery
        ],
    }
