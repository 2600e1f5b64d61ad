"""Random draws for labels: hashes of a key, the image name and the class, not a random stream.

So a draw is the same on every machine, Python and numpy version, and depends neither on the order nor
on the number of the other images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b, shake_128

import numpy as np

from ..label_table import LabelTable

CHUNK = 1 << 22  # entries that are drawn together


def ticket(key: bytes, name: str, label: int) -> bytes:
    """Return 8 random bytes of an image and a class.

    Args:
        key: At most 64 bytes; other keys draw independently.
        name: Image name.
        label: Class index.
    """
    return blake2b(f'{name}/{label}'.encode(), digest_size=8, key=key).digest()


def draw_entries(key: str, names: Sequence[str], classes: int) -> np.ndarray:
    """Draw a number of each entry of some images, uniform in [0, 1), (N, C), float64."""
    tickets = b''.join(shake_128((key + name).encode()).digest(8 * classes) for name in names)
    return np.frombuffer(tickets, '<u8').reshape(len(names), classes) / 2.0**64


def draw_positives(key: str, table: LabelTable) -> np.ndarray:
    """Draw a number of each positive label of a table, uniform in [0, 1), (P,), float64.

    Args:
        key: Other keys draw independently.
        table: Its positive labels are drawn for in the order in which it lists them.
    """
    secret = blake2b(key.encode()).digest()
    names, labels = table.names, table.positive_lists
    tickets = b''.join(
        ticket(secret, name, label) for name, present in zip(names, labels) for label in present
    )
    return np.frombuffer(tickets, '<u8') / 2.0**64


def chunks(table: LabelTable) -> Iterator[LabelTable]:
    """Yield a table in parts that are small enough to draw for all of their entries."""
    step = max(CHUNK // max(len(table.classes), 1), 1)
    for begin in range(0, len(table), step):
        yield table.take(np.arange(begin, min(begin + step, len(table))))
