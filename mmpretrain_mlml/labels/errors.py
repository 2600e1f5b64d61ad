from __future__ import annotations


class DataError(ValueError):
    """Something in the data cannot be used.

    Args:
        where: File, and where known the line: ``'list.txt:12'``.
        got: What stands there.
        expected: What should stand there, or what to do.
    """

    def __init__(self, where: str, got: str, expected: str) -> None:
        self.where = where
        self.got = got
        self.expected = expected
        super().__init__(f'{where}: {self.finding}')

    @property
    def finding(self) -> str:
        """What is wrong, without where."""
        return f'got {self.got}; expected {self.expected}'

    def __reduce__(self) -> tuple:  # survives the trip out of a data loader's worker
        return type(self), (self.where, self.got, self.expected)


class LabelError(DataError):
    """A label file says something that cannot be used."""
