"""Errors of data files, with the place, what was got and what was expected."""

from __future__ import annotations

from typing import Any

from ..printable import printable


class DataError(ValueError):
    """Error in a data file.

    Args:
        where: File and, if known, line: ``'list.txt:12'``.
        got: What was got.
        expected: What was expected, or what to do.
    """

    def __init__(self, where: str, got: str, expected: str) -> None:
        self.where = where
        self.got = got
        self.expected = expected
        super().__init__(printable(f'{where}: {self.finding}'))

    @property
    def finding(self) -> str:
        """Message without the place."""
        return f'got {self.got}; expected {self.expected}'

    def __reduce__(self) -> tuple[Any, ...]:  # to cross from a data loader's worker
        return type(self), (self.where, self.got, self.expected)


class LabelError(DataError):
    """Error in a label file."""
