"""The content of a report's ``results.json``: all numbers, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..comparison.bootstrap import Estimate
from ..comparison.cells import SCORES, Cell, Cells
from ..comparison.paired import ClassGains
from ..records.published import show_published
from ..records.run_record import RunRecord


def results_json(
    name: str,
    tables: Mapping[str, Cells],
    records: Sequence[RunRecord],
    missing: Mapping[str, str],
) -> dict[str, Any]:
    """Return the content of ``results.json``.

    Args:
        name: Name of the study.
        tables: Cells of each table, by its title.
        records: All runs that are counted.
        missing: Reason why a run is not counted, by the name of the run.
    """
    return {
        'study': name,
        'complete': not missing,
        'missing': missing,
        'tables': {title: _table_json(cells) for title, cells in tables.items()},
        'runs': [_run_json(record) for record in records],
    }


def _table_json(cells: Cells) -> list[dict[str, Any]]:
    return [
        {
            'loss': loss,
            'labels': labels,
            'seeds': [run.seed for run in cell.runs],
            'mean': {score: cell.mean(score) for score in SCORES},
            'sd': {score: cell.deviation(score) for score in SCORES},
            'difference': estimates_json(cell.differences, seeds=list(cell.difference_seeds)),
            'gap_closed': estimates_json(cell.closed, seeds=list(cell.closed_seeds)),
            **class_gains_json(cell.gains, _classes(cell)),
        }
        for (loss, labels), cell in cells.items()
    ]


def estimates_json(estimates: Mapping[str, Estimate], **more: Any) -> dict[str, Any]:
    """Return the value and the interval of each score, with further entries that all share."""
    return {
        score: {'value': value, 'low': low, 'high': high, **more}
        for score, (value, low, high) in estimates.items()
    }


def class_gains_json(gains: ClassGains | None, classes: Sequence[str]) -> dict[str, Any]:
    """Return the gain of each class, and its interval, by name; nothing for classes without any."""
    if gains is None:
        return {'class_gains': {}, 'class_gain_intervals': {}}
    values = zip(classes, gains.values.tolist())
    ends = zip(classes, gains.low.tolist(), gains.high.tolist())
    return {
        'class_gains': {name: round(gain, 3) for name, gain in values if not np.isnan(gain)},
        'class_gain_intervals': {
            name: [round(low, 3), round(high, 3)] for name, low, high in ends if not np.isnan(low)
        },
    }


def _classes(cell: Cell) -> list[str]:
    predictions = cell.runs[0].predictions
    return [] if predictions is None else predictions.classes.tolist()


def _run_json(run: RunRecord) -> dict[str, Any]:
    return {
        'folder': run.folder.name,
        'table': run.table,
        'loss': run.loss,
        'labels': run.labels,
        'seed': run.seed,
        'setting': run.setting,
        'config': run.base,
        'options': run.options,
        'command': run.command,
        'versions': run.versions,
        'seconds': round(run.seconds),
        'images': len(run.predictions.names) if run.predictions else None,
        'published': show_published(run.published) if run.published else None,
        'scores': [
            {key: value for key, value in row.items() if key == 'step' or '/' in key}
            for row in run.scores
        ],
        'recovery': [
            {key: value for key, value in row.items() if not isinstance(value, list)}
            for row in run.recovery
        ],
    }
