"""Labels of some of a source's classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .label_table import LabelTable
from .parsed import LabelList, ParsedLabels


def select_classes(
    parsed: ParsedLabels,
    listed: Sequence[str],
    chosen: Sequence[str],
    keep_unlabelled: bool = False,
) -> ParsedLabels:
    """Return the labels of some classes, as positions in their names; others are left out.

    Args:
        parsed: Labels of a source.
        listed: Names of the classes that the labels of the source are positions of.
        chosen: Names of the classes to keep, in any order; all of them are among ``listed``.
        keep_unlabelled: Whether images without a label of these classes are kept.

    >>> source = ParsedLabels(LabelList(['a.jpg', 'b.jpg'], [[0, 2], [1]]), str, [])
    >>> select_classes(source, ['cat', 'dog', 'car'], ['car', 'cat']).labels
    LabelList(names=['a.jpg'], labels=[[0, 1]])
    """
    position = {name: index for index, name in enumerate(chosen)}
    new = {old: position[name] for old, name in enumerate(listed) if name in position}
    labels = [sorted(new[old] for old in row if old in new) for row in parsed.labels.labels]
    kept = [index for index, row in enumerate(labels) if row or keep_unlabelled]
    names = [parsed.labels.names[index] for index in kept]

    def location_of(index: int) -> str:
        return parsed.location_of(kept[index])

    selected = LabelList(names, [labels[index] for index in kept])
    return ParsedLabels(selected, location_of, parsed.problems)


def select_table_classes(table: LabelTable, chosen: Sequence[str]) -> LabelTable:
    """Return the labels of some classes of a table; all of its images are kept.

    Args:
        table: Labels.
        chosen: Names of the classes to keep, in any order; all of them are among those of the table.

    >>> table = LabelTable.from_positives(['a.jpg', 'b.jpg'], [[0, 2], [1]], ['cat', 'dog', 'car'])
    >>> list(select_table_classes(table, ['car', 'cat']).positive_lists)
    [[0, 1], []]
    """
    position = {name: index for index, name in enumerate(chosen)}
    new = np.array([position.get(name, -1) for name in table.classes], np.int32)
    indices = new[table.indices]
    kept = indices >= 0
    rows = np.repeat(np.arange(len(table)), np.diff(table.offsets))[kept]
    order = np.lexsort((indices[kept], rows))
    return replace(
        table,
        classes=tuple(chosen),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(table)))]),
        indices=indices[kept][order],
        values=table.values[kept][order],
    )
