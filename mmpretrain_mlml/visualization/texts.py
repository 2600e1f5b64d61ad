"""Names in figures."""

from __future__ import annotations

from ..printable import printable


def plain(text: object, width: int | None = None) -> str:
    """Return a text that Matplotlib draws as it is: not as a formula, without control characters.

    Args:
        text: Any text.
        width: As for :func:`~mmpretrain_mlml.printable.printable`.
    """
    return printable(text, width).replace('$', r'\$')
