"""Which classes the ids of a label list are positions of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def listed_classes(
    metainfo: Mapping[str, Any] | None, classes: str | Sequence[str] | None
) -> tuple[str, ...] | None:
    """Return the classes of ``metainfo`` if ``classes`` chooses some of them, otherwise None.

    Raises:
        ValueError: If a class is not among them.
    """
    listed = (metainfo or {}).get('classes')
    if classes is None or listed is None or isinstance(classes, str):
        return None
    if list(classes) == list(listed):
        return None
    other = sorted(set(classes) - set(listed))
    if other:
        raise ValueError(f'classes {other} are not among the {len(listed)} classes of metainfo')
    return tuple(listed)
