"""Data sets with missing labels."""

from typing import Any

from ..parts import load_part, parts_in
from .missing_label import MissingLabelDataset, SampleError
from .public_dataset import PublicDataset
from .table_dataset import TableDataset

__all__ = [
    'MissingLabelDataset',
    'PublicDataset',
    'SampleError',
    'TableDataset',
    *parts_in('datasets'),
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return load_part(name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
