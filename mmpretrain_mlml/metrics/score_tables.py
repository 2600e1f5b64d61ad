"""Scores as tables of text."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..evaluation.functional import Scores
from ..printable import NAME, printable

COLUMNS = (
    'positives', 'known', 'unknown', 'threshold', 'precision', 'recall', 'F1', 'AP',
)  # fmt: skip
_WIDTH = 130  # characters of a table


def summary_table(result: Scores) -> str:
    """Return a row with the scores of all classes together."""
    table = Table('', *result.summary)
    table.add_row('percent', *(f'{value:.2f}' for value in result.summary.values()))
    return _text(table)


def class_rows(
    names: Sequence[str], result: Scores, targets: np.ndarray, thresholds: np.ndarray | None
) -> list[list[Any]]:
    """Return the name of each class and a value for each of ``COLUMNS``; None where there is none.

    A class without known entries has no scores.

    Args:
        names: Class names, C.
        result: Scores of the classes.
        targets: Targets, (N, C).
        thresholds: Threshold of each class, (C,); None if the k most probable ones are predicted.
    """
    positives = np.count_nonzero(targets == 1, axis=0)
    known = np.count_nonzero(targets >= 0, axis=0)
    scores = np.stack([result.precision, result.recall, result.f1, result.ap], axis=1)
    scores[known == 0] = np.nan
    return [
        [
            name,
            *(int(n) for n in (positives[index], known[index], len(targets) - known[index])),
            None if thresholds is None else float(thresholds[index]),
            *(None if np.isnan(value) else float(value) for value in scores[index]),
        ]
        for index, name in enumerate(names)
    ]


def class_table(rows: Sequence[Sequence[Any]]) -> str:
    """Return :func:`class_rows` as a text."""
    table = Table('class')
    for title in COLUMNS:
        table.add_column(title, no_wrap=True)
    for name, *counts, threshold, precision, recall, f1, ap in rows:
        table.add_row(
            Text(printable(name, NAME)),
            *map(str, counts),
            '-' if threshold is None else f'{threshold:.4g}',
            *('-' if value is None else f'{value:.2f}' for value in (precision, recall, f1, ap)),
        )
    return _text(table)


def _text(table: Table) -> str:
    text = StringIO()
    Console(file=text, width=_WIDTH).print(table)
    return text.getvalue()
