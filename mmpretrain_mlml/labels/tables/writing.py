"""Writing tables of tags."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from ...files import atomic_write
from ..label_table import ABSENT, PRESENT, UNOBSERVED, LabelTable
from ..lists import write_label_list
from .options import LAYOUTS
from .parquet_source import write_parquet
from .separators import JSON, SEPARATORS
from .source import SAMPLE

DELIMITERS = {'.csv': ',', '.tsv': '\t', '.tab': '\t'}
JSON_SUFFIXES, PARQUET_SUFFIXES = ('.jsonl', '.ndjson'), ('.parquet', '.pq')


def write_tag_table(
    path: str | os.PathLike[str],
    table: LabelTable,
    layout: str | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a table of tags, in any of the formats that :func:`read_tag_table` reads.

    Reading it with the same classes, and with ``unlisted='absent'`` if that is what the table says of
    entries that it does not list (``fill`` 0), gives an equal table.

    Args:
        path: File to write: ``.csv``, ``.tsv``, ``.jsonl``, ``.parquet`` or, with class indices,
            ``.txt``; or the folder of the images, beside which text files are written.
        table: Labels.
        layout: ``'cell'``, ``'columns'``, ``'rows'``, ``'ids'`` or ``'sidecars'``; by default
            ``'cell'``, or what the path says.
        overwrite: Whether an existing file is replaced, once the new one is complete.

    Raises:
        FileExistsError: If the file exists and ``overwrite`` is False.
        ValueError: If the format is unknown, or the layout cannot hold the labels or a name.

    >>> from tempfile import TemporaryDirectory
    >>> table = LabelTable.from_positives(['a.jpg', 'b.jpg'], [[0, 2], []], ['cat', 'hot dog', 'owl'])
    >>> with TemporaryDirectory() as folder:
    ...     write_tag_table(f'{folder}/tags.csv', table)
    ...     print(Path(folder, 'tags.csv').read_text())
    image,tags
    a.jpg,cat;owl
    b.jpg,
    <BLANKLINE>
    """
    path = Path(path)
    layout = layout or _layout_of(path)
    if layout not in LAYOUTS:
        raise ValueError(f'layout={layout!r}: expected one of {LAYOUTS}')
    if layout == 'sidecars':
        _write_sidecars(path, table, overwrite)
        return
    if path.exists() and not overwrite:
        raise FileExistsError(f'{path} exists: give another name, or overwrite=True')
    if layout == 'ids':
        _require_positive(table, layout)
        write_label_list(path, table.names, table.positive_lists)
        return
    write = {**dict.fromkeys(DELIMITERS, _write_csv), **dict.fromkeys(JSON_SUFFIXES, _write_json)}
    write |= dict.fromkeys(PARQUET_SUFFIXES, _write_parquet)
    if path.suffix.lower() not in write:
        raise ValueError(f'{path}: got the ending {path.suffix!r}; expected {", ".join(write)}')
    with atomic_write(path) as file:
        write[path.suffix.lower()](file, path, table, layout)


def write_class_list(
    path: str | os.PathLike[str], classes: Sequence[str], *, overwrite: bool = False
) -> None:
    """Write a class list, one name a line, as :func:`read_class_list` reads it.

    Args:
        path: File to write.
        classes: Class names.
        overwrite: Whether an existing file is replaced.

    Raises:
        FileExistsError: If the file exists and ``overwrite`` is False.
    """
    if Path(path).exists() and not overwrite:
        raise FileExistsError(f'{path} exists: give another name, or overwrite=True')
    with atomic_write(path, 'w') as file:
        file.writelines(f'{name}\n' for name in classes)


def choose_separator(table: LabelTable) -> str:
    """Return a separator that no class name contains, and that a reader finds out; or ``'json'``."""
    text = '\n'.join(table.classes)
    free = [mark for mark in SEPARATORS if mark not in text and mark != '\n']
    if len(free) == len(SEPARATORS) - 1:
        return ';'  # all of them
    rows = range(min(len(table), SAMPLE))
    shows = any(len(table.positives(row)) > 1 for row in rows)
    first = next((mark for mark in SEPARATORS if mark in free), None)
    earlier = SEPARATORS[: SEPARATORS.index(first)] if first else ()
    if first is None or not shows or any(mark in text for mark in earlier):
        return JSON
    return ';' if ';' in free and '|' in free else first


def _layout_of(path: Path) -> str:
    if path.is_dir():
        return 'sidecars'
    return 'ids' if path.suffix.lower() == '.txt' else 'cell'


def _rows(table: LabelTable, layout: str) -> tuple[list[str], Iterator[list[Any]]]:
    """Return the names of the columns, and the rows. Tags are lists."""
    image = _free_name('image', table.classes if layout == 'columns' else ())
    extras = list(table.extras)
    if layout == 'cell':
        listed = [(name, value) for name, value in _LABEL_COLUMNS if _has(table, value)]
        columns = [image, *(name for name, _ in listed), *extras]
        return columns, _cell_rows(table, [value for _, value in listed])
    if layout == 'columns':
        return [image, *table.classes, *extras], _column_rows(table)
    return [image, 'tag', 'value', *extras], _tag_rows(table)


_LABEL_COLUMNS = (('tags', PRESENT), ('absent', ABSENT), ('unobserved', UNOBSERVED))


def _has(table: LabelTable, value: int) -> bool:
    return value == PRESENT or bool((table.values == value).any())


def _free_name(name: str, taken: Iterable[str]) -> str:
    names = set(taken)
    return next(found for found in (name, f'{name}_file', f'{name}_path') if found not in names)


def _with_extras(table: LabelTable) -> Iterator[tuple[int, str, list[str]]]:
    columns = list(table.extras.values())
    for row, (name, *extras) in enumerate(zip(table.names, *columns)):
        yield row, name, extras


def _cell_rows(table: LabelTable, labels: Sequence[int]) -> Iterator[list[Any]]:
    for row, name, extras in _with_extras(table):
        indices, values = table.entries(row)
        cells = [[table.classes[c] for c in indices[values == label].tolist()] for label in labels]
        yield [name, *cells, *extras]


def _column_rows(table: LabelTable) -> Iterator[list[Any]]:
    for row, name, extras in _with_extras(table):
        yield [name, *table.target(row).astype(int).tolist(), *extras]


def _tag_rows(table: LabelTable) -> Iterator[list[Any]]:
    for row, name, extras in _with_extras(table):
        indices, values = table.entries(row)
        for index, value in zip(indices.tolist(), values.tolist()):
            yield [name, table.classes[index], value, *extras]
        if not len(indices):
            yield [name, None, None, *extras]


def _write_csv(file: IO[bytes], path: Path, table: LabelTable, layout: str) -> None:
    separator = choose_separator(table)
    columns, rows = _rows(table, layout)
    text = TextIOWrapper(file, encoding='utf-8', newline='')
    writer = csv.writer(text, delimiter=DELIMITERS[path.suffix.lower()], lineterminator='\n')
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_join(c, separator) if isinstance(c, list) else c for c in row])
    text.flush()
    text.detach()


def _join(tags: list[str], separator: str) -> str:
    if separator == JSON:
        return json.dumps(tags, ensure_ascii=False) if tags else ''
    return separator.join(tags)


def _write_json(file: IO[bytes], path: Path, table: LabelTable, layout: str) -> None:
    columns, rows = _rows(table, layout)
    for row in rows:
        line = json.dumps(dict(zip(columns, row)), ensure_ascii=False)
        file.write(f'{line}\n'.encode())


def _write_parquet(file: IO[bytes], path: Path, table: LabelTable, layout: str) -> None:
    columns, rows = _rows(table, layout)
    kinds = ['text'] * len(columns)
    if layout == 'columns':
        kinds[1 : 1 + len(table.classes)] = ['label'] * len(table.classes)
    elif layout == 'rows':
        kinds[2] = 'label'
    else:
        end = len(columns) - len(table.extras)
        kinds[1:end] = ['list'] * (end - 1)
    write_parquet(file, columns, kinds, rows)


def _write_sidecars(folder: Path, table: LabelTable, overwrite: bool) -> None:
    _require_positive(table, 'sidecars')
    separator = choose_separator(table)
    paths = [(folder / name).with_suffix('.txt') for name in table.names]
    if len(set(paths)) < len(paths):
        raise ValueError(f'{folder}: images that differ in their ending only share a text file')
    there = [path for path in paths if path.exists()]
    if there and not overwrite:
        raise FileExistsError(f'{len(there)} files exist, such as {there[0]}: give overwrite=True')
    for path, present in zip(paths, table.positive_lists):
        with atomic_write(path, 'w') as file:
            file.write(_join([table.classes[index] for index in present], separator) + '\n')


def _require_positive(table: LabelTable, layout: str) -> None:
    if (table.values != PRESENT).any():
        raise ValueError(
            f"the layout {layout!r} holds positive labels only, got others; use 'cell', 'columns' or "
            "'rows'"
        )
