"""The result of a check as tables and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from ...printable import printable
from .checking import Report
from .problem import Problem

COUNTS = (
    'images',
    'files',
    'labels',
    'before dropping',
    'an image',
    'density',
    'unlabelled',
    'classes',
)
COLOURS = {'error': 'red', 'warning': 'yellow'}


def summary_table(report: Report) -> Table:
    """Return a table with a row for each data set."""
    table = Table(title='data sets', title_justify='left')
    table.add_column('set')
    table.add_column('kind')
    for name in COUNTS:
        table.add_column(name, justify='right')
    for name, summary in report.summaries.items():
        if isinstance(summary, str):
            table.add_row(name, f'the same as {summary}')
            continue
        counts = summary.images_per_class.values()
        table.add_row(
            name,
            summary.kind,
            f'{summary.images:,}',
            f'{summary.files:,}' if summary.files else 'none',
            f'{summary.labels:,}',
            f'{summary.complete_labels:,}',
            f'{summary.labels / max(summary.images, 1):.2f}',
            f'{summary.density:.2%}',
            f'{summary.images_without_labels:,}',
            f'{sum(count > 0 for count in counts)}/{len(counts)}',
        )
    return table


def kinds_table(report: Report) -> Table:
    """Return a table with the numbers of present, absent and unobserved entries of each data set."""
    table = Table(title='entries', title_justify='left')
    table.add_column('set')
    for name in ('present', 'absent', 'unobserved'):
        table.add_column(name, justify='right')
    for name, summary in report.summaries.items():
        if not isinstance(summary, str):
            kinds = summary.labels, summary.absent, summary.unobserved
            table.add_row(name, *(f'{number:,}' for number in kinds))
    return table


def problem_table(problems: list[Problem], most: int = 10) -> Table:
    """Return a table with a row for each problem.

    Args:
        problems: Problems.
        most: Number of problems of a kind that are shown for each data set; more are counted.
    """
    table = Table(
        '', 'kind', 'set', 'where', 'got', 'expected', title='problems', title_justify='left'
    )
    total = Counter((problem.split, problem.severity, problem.kind) for problem in problems)
    shown: Counter[tuple[str, str, str]] = Counter()
    for problem in problems:
        group = problem.split, problem.severity, problem.kind
        shown[group] += 1
        if shown[group] > most:
            continue
        cells = (problem.kind, problem.split, _place(problem), problem.got, problem.expected)
        severity = Text(problem.severity, style=COLOURS[problem.severity])
        table.add_row(severity, *map(Text, map(printable, cells)))
        if shown[group] == most and total[group] > most:
            table.add_row(
                severity, problem.kind, problem.split, f'and {total[group] - most:,} more'
            )
    return table


def as_json(report: Report) -> dict[str, Any]:
    """Return the whole report for :func:`json.dump`."""
    return {
        'errors': report.errors,
        'warnings': len(report.problems) - report.errors,
        'images_decoded': report.decoded,
        'sets': {
            name: summary if isinstance(summary, str) else asdict(summary)
            for name, summary in report.summaries.items()
        },
        'problems': [problem._asdict() for problem in report.problems],
    }


def _place(problem: Problem) -> str:
    if problem.path and problem.where:
        return f'{problem.path} ({problem.where})'
    return problem.path or problem.where
