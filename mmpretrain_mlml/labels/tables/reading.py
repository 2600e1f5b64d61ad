"""Reading tables of tags."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import LabelError
from ..label_table import LabelTable
from ..parsed import ParsedTable
from ..table_cache import cached
from .cells import read_cells
from .class_names import ClassIndex, as_classes
from .columns import read_columns
from .ids import read_ids
from .json_source import JsonLinesSource
from .layout import find_layout
from .options import TableOptions
from .parquet_source import ParquetSource
from .problems import MOST, Problems, TooManyProblems
from .rows import read_rows
from .sidecars import read_sidecars
from .source import Source
from .text_source import TextSource

READERS = {'cell': read_cells, 'columns': read_columns, 'rows': read_rows}


def read_tag_table(
    path: str | os.PathLike[str],
    classes: Sequence[str] | str | os.PathLike[str] | None = None,
    *,
    cache: bool | None = None,
    **options: Any,
) -> LabelTable:
    r"""Read a table of images and tags.

    The file is CSV, TSV, JSON lines (``.jsonl``), Parquet or a list ``name,ids`` (``.txt``), or a
    folder of images with text files beside them. Its layout is found out from the names of its
    columns and its first rows.

    Args:
        path: File or folder.
        classes: Class names, or the path of a file with one name a line. None to take all names in
            the table, sorted.
        cache: Whether the result is kept in a hidden file beside ``path``, from which the next call
            reads it; None for files above 4 MB.
        **options: Fields of :class:`TableOptions`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If the file is Parquet and pyarrow is not installed.
        LabelError: If a row cannot be used; names file and line, what was got and what was expected.
        ValueError: If an option has an unknown value.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, 'tags.csv')
    ...     _ = path.write_text('image,tags\na.jpg,cat;dog\nb.jpg,\n')
    ...     table = read_tag_table(path)
    >>> table.classes, list(table.names), list(table.positive_lists)
    (('cat', 'dog'), ['a.jpg', 'b.jpg'], [[0, 1], []])
    """
    return parse_tag_table(path, classes, cache=cache, **options).require_no_problems()


def parse_tag_table(
    path: str | os.PathLike[str],
    classes: Sequence[str] | str | os.PathLike[str] | None = None,
    *,
    cache: bool | None = None,
    **options: Any,
) -> ParsedTable:
    """Parse a table of images and tags and collect all of its problems.

    Args:
        path: As for :func:`read_tag_table`.
        classes: As for :func:`read_tag_table`.
        cache: As for :func:`read_tag_table`.
        **options: As for :func:`read_tag_table`.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If the file is Parquet and pyarrow is not installed.
        LabelError: If the class list cannot be used.
        ValueError: If an option has an unknown value.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f'no {path}')
    table_options = TableOptions(**options)
    names = as_classes(classes)

    def parse() -> ParsedTable:
        return parse_without_cache(path, names, table_options)

    return cached(path, (names, table_options), parse, cache)


def parse_without_cache(
    path: Path, classes: tuple[str, ...] | None, options: TableOptions
) -> ParsedTable:
    """Parse a table and collect its problems.

    Args:
        path: File or folder.
        classes: Class names; None to infer them.
        options: How the table is to be read.
    """
    problems = Problems()
    index = ClassIndex(classes, options.other_classes == 'drop')
    try:
        table, note = _read(path, index, options, problems)
    except LabelError as error:
        return ParsedTable(_nothing(classes), [error], [])
    except TooManyProblems:
        last = LabelError(str(path), f'{MOST:,} problems, and rows not read', 'a table of tags')
        return ParsedTable(_nothing(classes), [*problems, last], [])
    if not problems and not len(table):
        problems.append(LabelError(str(path), 'no image', 'one image a row'))
    elif not problems and not table.classes:
        problems.append(LabelError(str(path), 'no tag', 'a tag of some image, or a class list'))
    return ParsedTable(
        table, list(problems), [note, *(f'{path}{more}' for more in index.notes(table.classes))]
    )


def _read(
    path: Path, index: ClassIndex, options: TableOptions, problems: Problems
) -> tuple[LabelTable, str]:
    """Return the table, and a note for the log."""
    if path.is_dir() or options.layout == 'sidecars':
        return read_sidecars(path, index, options, problems)
    if options.layout == 'ids' or (options.layout is None and path.suffix.lower() == '.txt'):
        return read_ids(path, index, options, problems)
    source = open_source(path, options)
    layout = find_layout(source, options, None if index.inferred else index.names)
    source.problems = problems
    table = READERS[layout.kind](source, layout, index, options, problems)
    begin = len(source.place_prefix)
    problems.sort(key=lambda problem: int(problem.where[begin:]))
    return table, f'{path}: {layout.description}'


def open_source(path: Path, options: TableOptions) -> Source:
    """Open a table.

    Args:
        path: The file.
        options: How it is to be read.

    Raises:
        ImportError: If the file is Parquet and pyarrow is not installed.
        LabelError: If the format is unknown, or the file is not of its format.
    """
    suffix = path.suffix.lower()
    if suffix in ('.csv', '.tsv', '.tab', '.txt'):
        return TextSource(path, options.delimiter)
    if suffix in ('.jsonl', '.ndjson'):
        return JsonLinesSource(path)
    if suffix in ('.parquet', '.pq'):
        return ParquetSource(path)
    hint = '; COCO annotations belong to COCOMissingLabel' if suffix == '.json' else ''
    expected = '.csv, .tsv, .jsonl, .parquet, a list .txt or a folder of images' + hint
    raise LabelError(str(path), f'a file of unknown kind {suffix!r}', expected)


def _nothing(classes: Sequence[str] | None) -> LabelTable:
    return LabelTable.from_positives([], [], classes or ())
