"""The class name of a part of a config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def type_name(part: Any) -> str:
    """Return the class name of a part, without its package.

    Args:
        part: Config of a part, whose ``type`` is a name, dotted or not, or a class; or the part
            itself.

    >>> type_name({'type': 'mmpretrain_mlml.MultiLabelScores'}), type_name({'type': dict})
    ('MultiLabelScores', 'dict')
    """
    kind = part.get('type') if isinstance(part, Mapping) else type(part)
    return getattr(kind, '__name__', str(kind)).rpartition('.')[2]
