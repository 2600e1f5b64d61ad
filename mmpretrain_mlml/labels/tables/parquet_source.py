"""Tables as Parquet files, read and written with pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from ..errors import LabelError
from .source import check_columns

BATCH = 16_384  # rows


class ParquetSource:
    """A table in a Parquet file.

    Args:
        path: The file.

    Raises:
        ImportError: If pyarrow is not installed.
        LabelError: If the file is damaged, or two columns have one name.
    """

    kind = 'Parquet'
    headless = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place_prefix = f'{path}: row '
        self.problems: list[LabelError] = []
        self.position = 0
        self._parquet = require_pyarrow('reading')
        with self._file() as file:
            self.columns = list(file.schema_arrow.names)
            self.total = file.metadata.num_rows
        check_columns(str(path), self.columns)

    def rows(self, picks: Sequence[int]) -> Iterator[tuple[int, list[Any]]]:
        """Yield the number of each row, from 1 on, and its cells in some columns."""
        names = [self.columns[pick] for pick in picks]
        number = 0
        with self._file() as file:
            batches = file.iter_batches(BATCH, columns=names, use_threads=False)
            while True:
                try:
                    batch = next(batches, None)
                except Exception as error:  # of pyarrow, of many kinds
                    raise self._damaged(error) from error
                if batch is None:
                    return
                columns = [batch.column(batch.schema.get_field_index(name)) for name in names]
                for cells in zip(*(column.to_pylist() for column in columns)):
                    number += 1
                    yield number, list(cells)
                self.position = int(self.path.stat().st_size * number / max(self.total, 1))

    def _file(self) -> Any:
        try:
            return self._parquet.ParquetFile(self.path, memory_map=False)
        except FileNotFoundError:
            raise
        except Exception as error:  # of pyarrow, of many kinds
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> LabelError:
        reason = str(error).strip().split('\n')[0]
        return LabelError(str(self.path), f'a damaged file ({reason})', 'a complete Parquet file')


def write_parquet(
    file: IO[bytes], columns: Sequence[str], kinds: Sequence[str], rows: Iterator[list[Any]]
) -> None:
    """Write rows as Parquet.

    Args:
        file: File to write to.
        columns: Names of the columns.
        kinds: What each holds: ``'text'``, ``'label'`` or ``'list'`` of text.
        rows: Rows.

    Raises:
        ImportError: If pyarrow is not installed.
    """
    parquet = require_pyarrow('writing')
    import pyarrow

    types = {
        'text': pyarrow.string(),
        'label': pyarrow.int8(),
        'list': pyarrow.list_(pyarrow.string()),
    }
    schema = pyarrow.schema([(name, types[kind]) for name, kind in zip(columns, kinds)])
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(rows, BATCH)):
            cells = [pyarrow.array(list(c), kind) for c, kind in zip(zip(*batch), schema.types)]
            writer.write_batch(pyarrow.record_batch(cells, schema))


def require_pyarrow(purpose: str) -> Any:
    """Return the module ``pyarrow.parquet``.

    Raises:
        ImportError: If pyarrow is not installed; says how to get it.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError(
            f"{purpose} Parquet needs pyarrow: pip install 'mmpretrain_mlml[parquet]'"
        ) from error
    return parquet
