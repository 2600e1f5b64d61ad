"""Label tables of public data sets, and some of their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import LabelError
from ..label_table import ABSENT, LabelTable
from ..names import name_problems
from ..parsed import ParsedTable
from ..subset import select_table_classes
from ..tables.class_names import nearest
from ..tables.problems import Problems
from ..text_array import TextArray


def parsed_table(
    source: Path,
    names: Sequence[str],
    rows: Sequence[Mapping[int, int]],
    classes: Sequence[str],
    places: Sequence[int],
    problems: Problems,
    notes: Sequence[str],
) -> ParsedTable:
    """Return labels as a table; entries that are not listed are absent.

    Args:
        source: File in which the images are listed.
        names: N image names.
        rows: Label by class index, of each image.
        classes: C class names.
        places: Line of each image in ``source``.
        problems: Problems found so far; those of the names are added.
        notes: For the log.
    """
    entries = [sorted((k, v) for k, v in row.items() if v != ABSENT) for row in rows]
    table = LabelTable(
        TextArray.from_strings(names),
        tuple(classes),
        np.cumsum([0, *map(len, entries)], dtype=np.int64),
        np.fromiter((index for row in entries for index, _ in row), np.int32),
        np.fromiter((value for row in entries for _, value in row), np.int8),
        ABSENT,
        str(source),
        np.array(places, np.int64),
        f'{source}:',
    )
    for problem in name_problems(names, table.location_of):
        problems.append(problem)
    if not names and not problems:
        problems.append(LabelError(str(source), 'no image', 'one image a line'))
    return ParsedTable(table, list(problems), list(notes))


def with_choice(
    parsed: ParsedTable, classes: Sequence[str] | None, keep_unlabelled: bool
) -> ParsedTable:
    """Return some of the classes of a table, and the images that have a label of them.

    Args:
        parsed: Content of a source.
        classes: Names of the classes to keep, in any order; None for all.
        keep_unlabelled: Whether images without a label of these classes are kept.

    Raises:
        ValueError: If a class is not among those of the table, or is named twice.
    """
    table, notes = parsed.table, list(parsed.notes)
    if classes is not None and tuple(classes) != table.classes:
        check_chosen(classes, table.classes)
        table = select_table_classes(table, classes)
    kept = (
        np.flatnonzero(table.labels_per_image()) if not keep_unlabelled else np.arange(len(table))
    )
    left_out = len(table) - len(kept)
    if left_out:
        table = replace(table.take(kept), source=table.source)
        notes.append(
            f'{table.source}: {left_out} images without labels are left out '
            '(keep_unlabelled=True keeps them)'
        )
    return parsed._replace(table=table, notes=notes, left_out=left_out)


def check_chosen(chosen: Sequence[str], known: Sequence[str]) -> None:
    """Raise ValueError if chosen classes are not known, or one is named twice."""
    other = [name for name in chosen if name not in set(known)]
    if other:
        near = nearest(str(other[0]), known)
        hint = f'; nearest: {", ".join(map(repr, near))}' if near else ''
        raise ValueError(f'classes: {other[0]!r} is not one of the {len(known)} classes{hint}')
    if len(set(chosen)) < len(chosen):
        raise ValueError('classes: a class is named twice; expected each once')
