"""Tables as text: CSV and TSV."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from ..bounds import BoundedReader
from ..errors import LabelError
from .source import check_columns

# A quote that is never closed would otherwise read the rest of the file into one cell.
LONGEST_CELL = 1 << 24
IMAGE_NAME = re.compile(r'.+\.(jpe?g|png|webp|bmp|tiff?|gif|jp2|avif)', re.IGNORECASE | re.DOTALL)
ENCODINGS = {b'\xff\xfe': 'UTF-16', b'\xfe\xff': 'UTF-16', b'PK': 'a zip or spreadsheet file'}


class TextSource:
    """A table of separated values.

    The first line names the columns, unless its first cell is the name of an image file.

    Args:
        path: File in UTF-8.
        delimiter: Character between the cells; None to find it in the first line.

    Raises:
        LabelError: If the file is empty or not text, or two columns have one name. Also while it is
            read, at a line of more than 64 MiB.
    """

    def __init__(self, path: Path, delimiter: str | None = None) -> None:
        self.path = path
        self.place_prefix = f'{path}:'
        self.problems: list[LabelError] = []
        self._file: BufferedReader | None = None
        with path.open('rb') as file:
            first = file.readline(LONGEST_CELL).removeprefix(codecs.BOM_UTF8)
        for mark, kind in ENCODINGS.items():
            if first.startswith(mark):
                raise LabelError(str(path), kind, 'a table as text in UTF-8')
        if not first.strip():
            got = 'an empty first line' if first else 'an empty file'
            raise LabelError(f'{path}:1', got, 'the names of the columns')
        self._delimiter = delimiter or _delimiter_of(first, path.suffix.lower())
        self.kind = {',': 'CSV', '\t': 'TSV'}.get(
            self._delimiter, f'CSV with {self._delimiter!r} between cells'
        )
        _, header = next(self._records(), (1, []))
        if self.problems:
            raise self.problems[0]
        self.headless = bool(IMAGE_NAME.fullmatch(header[0].strip()))
        self.columns = [f'column {n}' for n in range(1, len(header) + 1)]
        if not self.headless:
            self.columns = [name.strip() for name in header]
            check_columns(f'{path}:1', self.columns)

    def rows(self, picks: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
        """Yield the line of each row, and its cells in some columns."""
        width = len(self.columns)
        every = list(picks) == list(range(width))
        records = self._records()
        if not self.headless:
            next(records)
        for line, cells in records:
            if len(cells) == width:
                yield line, cells if every else [cells[pick] for pick in picks]
            else:
                got = f'{len(cells)} cells' if cells else 'an empty line'
                expected = f'{width} cells, as in the first line'
                self.problems.append(LabelError(f'{self.path}:{line}', got, expected))

    @property
    def position(self) -> int:
        """Bytes of the file that have been read."""
        return self._file.tell() if self._file and not self._file.closed else 0

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record and the line on which it begins; the header, too."""
        with BoundedReader(self.path) as self._file, _long_cells():
            reader = csv.reader(_text(self._file), delimiter=self._delimiter, strict=True)
            line = 1
            while True:
                try:
                    for cells in reader:
                        yield line, cells
                        line = reader.line_num + 1
                    break
                except csv.Error as error:
                    expected = 'cells with quotes around them, or with none in them'
                    self.problems.append(LabelError(f'{self.path}:{line}', str(error), expected))
                    line = reader.line_num + 1


def _text(file: BufferedReader) -> TextIOWrapper:
    return TextIOWrapper(file, encoding='utf-8-sig', errors='surrogateescape', newline='')


def _delimiter_of(first: bytes, suffix: str) -> str:
    """Return the character between the cells of the first line, outside quotes."""
    if suffix in ('.tsv', '.tab'):
        return '\t'
    bare = re.sub(r'"[^"]*"', '', first.decode(errors='replace'))
    return next((character for character in ',;\t|' if character in bare), ',')


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let csv read cells of many tags."""
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)
