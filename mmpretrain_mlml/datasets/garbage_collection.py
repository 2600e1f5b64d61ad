"""Making many objects without the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_garbage_collector() -> Iterator[None]:
    """Keep the garbage collector from scanning torch's millions of objects while samples are made.

    Objects that were frozen before are unfrozen, too, which costs time only. (Counting the frozen
    objects would scan all of them.)
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
