"""Transforms that MMPretrain lacks: strict loading, fast resizing, the paper's augmentations."""

from typing import Any

from ..parts import load_part, parts_in
from .load_whole_image import ImageError

__all__ = ['ImageError', *parts_in('transforms')]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return load_part(name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
