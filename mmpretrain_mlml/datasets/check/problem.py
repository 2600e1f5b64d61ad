from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """Something that stops training or spoils its score (an error), or that one should know.

    Attributes:
        severity: ``'error'`` or ``'warning'``.
        kind: Such as ``'label'``, ``'image'`` or ``'leak'``; docs/data.md lists them.
        split: ``'train'``, ``'val'`` or ``'test'``.
        where: File and line, or object, of the label.
        path: The image file; empty where it is about none.
        got: What was found.
        expected: What should be there, or what happens to it.
    """

    severity: str
    kind: str
    split: str
    where: str
    path: str
    got: str
    expected: str
