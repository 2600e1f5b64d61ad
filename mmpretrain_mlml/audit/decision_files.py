"""Reading files of decisions."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from ..labels import DataError
from .decisions import LABELS, Decision
from .exchange.detecting import read_export

COLUMNS = ('image', 'class', 'decision')


def read_decisions(path: str | os.PathLike[str]) -> list[Decision]:
    """Read decisions of the review page, or of a tool that proposals were exported to.

    Args:
        path: CSV file with the columns ``image,class,decision``, and ``reviewer`` and ``time`` if
            present; further columns are allowed. Or an export of Label Studio, CVAT or FiftyOne,
            which is known by its content.

    Raises:
        DataError: If a column is missing or a line cannot be used; names file and line.
        FileNotFoundError: If there is no such file.
    """
    if not Path(path).exists():
        raise FileNotFoundError(
            f'no {path} (in {Path.cwd()}): expected a file of decisions; browsers save that of the '
            'review page in their folder for downloads'
        )
    if (exported := read_export(Path(path))) is not None:
        return exported
    decisions = []
    with Path(path).open(encoding='utf-8-sig', newline='') as file:
        rows = csv.DictReader(file, strict=True)
        try:
            columns = rows.fieldnames or ()
            if missing := [name for name in COLUMNS if name not in columns]:
                raise DataError(
                    f'{path}:1',
                    f'the columns {", ".join(columns) or "of an empty file"}',
                    f'also {", ".join(missing)}',
                )
            for row in rows:
                decisions.append(_decision(row, f'{path}:{rows.line_num}'))
        except (csv.Error, UnicodeDecodeError) as error:
            where = f'{path}:{rows.line_num + 1}'
            raise DataError(where, str(error), 'a CSV file in UTF-8') from error
    return decisions


def _decision(row: dict[str, str], where: str) -> Decision:
    if None in row or None in row.values():
        raise DataError(where, 'another number of cells than columns', 'one cell for each column')
    if row['decision'] not in LABELS:
        raise DataError(where, f'decision {row["decision"]!r}', f'one of {", ".join(LABELS)}')
    if not row['image'] or not row['class']:
        raise DataError(where, 'an empty cell', 'an image and a class')
    return Decision(
        row['image'],
        row['class'],
        row['decision'],
        row.get('reviewer', ''),
        row.get('time', ''),
        where,
    )
