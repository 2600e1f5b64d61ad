"""Splitting of cells that hold several tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

# In the order in which they are tried; names of tags often hold spaces, seldom the others.
SEPARATORS = ('|', ';', ',', '\t', '\n', ' ')
JSON = 'json'


def find_separator(
    cells: Iterable[Any], classes: Sequence[str] | None, candidates: Sequence[str] = SEPARATORS
) -> str:
    """Find out what stands between the tags of a cell.

    With a class list it is what gives the most known tags, otherwise the first candidate that occurs.

    Args:
        cells: Cells of tags.
        classes: Class names, if known.
        candidates: Separators.

    Returns:
        The separator, ``'json'`` if the cells are JSON lists, or ``''`` for one tag a cell.

    >>> find_separator(['traffic light;car', 'car'], None)
    ';'
    >>> find_separator(['traffic light', 'car'], ['car', 'traffic light'])
    ''
    """
    texts = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    if texts and all(text.startswith('[') and text.endswith(']') for text in texts):
        return JSON
    found = [separator for separator in candidates if any(separator in text for text in texts)]
    if classes is None or not found:
        return found[0] if found else ''
    known = set(classes)

    def tags_not_known(separator: str) -> tuple[int, int]:
        split = splitter(separator)
        fits = [tag.strip() in known for text in texts for tag in split(text)]
        return -sum(fits), len(fits) - sum(fits)

    return min([*found, ''], key=tags_not_known)


def splitter(separator: str) -> Callable[[Any], Sequence[str]]:
    """Return the function that splits a cell of text into tags.

    Args:
        separator: As :func:`find_separator` returns it.
    """
    if separator == JSON:
        return _load_list
    if separator in ('', None):
        return lambda cell: [cell] if cell.strip() else []
    if separator == ' ':
        return str.split

    def split(cell: str) -> Sequence[str]:
        return cell.split(separator) if cell and not cell.isspace() else ()

    return split


def _load_list(cell: str) -> list[str]:
    """Return the tags of a JSON list; raise ValueError for anything else."""
    if not cell.strip():
        return []
    tags = json.loads(cell)
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError('no JSON list of strings')
    return tags
