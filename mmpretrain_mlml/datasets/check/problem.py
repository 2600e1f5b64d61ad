"""A problem of a data set."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """A problem that stops training or falsifies its score, or one that is worth knowing.

    Attributes:
        severity: ``'error'`` for the former, ``'warning'`` for the latter.
        kind: Kind, such as ``'label'``, ``'image'`` or ``'leak'``; docs/data.md lists all.
        split: ``'train'``, ``'val'`` or ``'test'``.
        where: File and line, or object, of the label.
        path: Image file; empty if the problem does not concern one.
        got: What was got.
        expected: What was expected, or what happens to it.
    """

    severity: str
    kind: str
    split: str
    where: str
    path: str
    got: str
    expected: str
