from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def replaced(owner: Any, name: str, method: Any) -> Iterator[None]:
    """Replace a method of one object inside the block.

    Args:
        owner: Object.
        name: Name of its method, which may be its own or that of its class.
        method: Function to call instead, without the object.
    """
    own = vars(owner).get(name)
    setattr(owner, name, method)
    try:
        yield
    finally:
        delattr(owner, name) if own is None else setattr(owner, name, own)
