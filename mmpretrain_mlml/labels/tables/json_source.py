"""Tables as JSON lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..bounds import bounded_lines
from ..errors import LabelError
from .source import SAMPLE, check_columns


class JsonLinesSource:
    """A table of JSON objects, one a line. A key that an object lacks is an empty cell.

    Args:
        path: File in UTF-8.

    Raises:
        LabelError: If the file has no valid line. Also while it is read, at a line of more than 64
            MiB.
    """

    kind = 'JSON lines'
    headless = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place_prefix = f'{path}:'
        self.problems: list[LabelError] = []
        self.position = 0
        columns: dict[str, None] = {}
        for _, (_, row) in zip(range(SAMPLE), self._objects()):
            columns.update(dict.fromkeys(row))
        if not columns:
            raise (
                self.problems[0]
                if self.problems
                else LabelError(str(path), 'no line', 'one JSON object a line')
            )
        self.problems.clear()
        self.columns = list(columns)

    def rows(self, picks: Sequence[int]) -> Iterator[tuple[int, list[Any]]]:
        """Yield the line of each object, and its values in some columns."""
        keys = [self.columns[pick] for pick in picks]
        for line, row in self._objects():
            yield line, [row.get(key) for key in keys]

    def _objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        decode = json.JSONDecoder(object_pairs_hook=_once).decode
        for line, data in enumerate(bounded_lines(self.path), start=1):
            where = f'{self.path}:{line}'
            try:
                text = data.decode('utf-8-sig' if line == 1 else 'utf-8')
                row = decode(text.strip('\r\n'))
                if not isinstance(row, dict):
                    raise ValueError(f'{text.strip()[:60]!r}, which is no object')
            except LabelError as error:
                self.problems.append(LabelError(where, error.got, error.expected))
            except (ValueError, RecursionError) as error:
                self.problems.append(LabelError(where, str(error), 'one JSON object a line'))
            else:
                yield line, row
            self.position += len(data)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        check_columns('', [key for key, _ in pairs])
    return row
