"""Labels of some of a source's classes."""

from __future__ import annotations

from collections.abc import Sequence

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
