"""Scores as tables of text."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..evaluation.functional import Scores
from ..printable import NAME, printable

_COLUMNS = (
    'positives', 'known', 'unknown', 'threshold', 'precision', 'recall', 'F1', 'AP',
)  # fmt: skip
_WIDTH = 130  # characters of a table


def summary_table(result: Scores) -> str:
    """Return a row with the scores of all classes together."""
    table = Table('', *result.summary)
    table.add_row('percent', *(f'{value:.2f}' for value in result.summary.values()))
    return _text(table)


def class_table(
    names: Sequence[str], result: Scores, targets: np.ndarray, thresholds: np.ndarray | None
) -> str:
    """Return a row for each class; a class without known entries has no scores.

    Args:
        names: Class names, C.
        result: Scores of the classes.
        targets: Targets, (N, C).
        thresholds: Threshold of each class, (C,); None if the k most probable ones are predicted.
    """
    table = Table('class')
    for title in _COLUMNS:
        table.add_column(title, no_wrap=True)
    positives = np.count_nonzero(targets == 1, axis=0)
    known = np.count_nonzero(targets >= 0, axis=0)
    for index, name in enumerate(names):
        values = [result.precision[index], result.recall[index], result.f1[index], result.ap[index]]
        if not known[index]:
            values = [np.nan] * len(values)
        table.add_row(
            Text(printable(name, NAME)),
            *(f'{n}' for n in (positives[index], known[index], len(targets) - known[index])),
            '-' if thresholds is None else f'{thresholds[index]:.4g}',
            *('-' if np.isnan(value) else f'{value:.2f}' for value in values),
        )
    return _text(table)


def _text(table: Table) -> str:
    text = StringIO()
    Console(file=text, width=_WIDTH).print(table)
    return text.getvalue()
