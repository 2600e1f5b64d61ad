from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def seeded(*entropy: int) -> Iterator[None]:
    """Draws from random, numpy and torch (CPU) follow from ``entropy``; afterwards all is as before.

    Args:
        *entropy: Whole numbers >= 0.

    >>> with seeded(1, 2):
    ...     first = np.random.rand()
    >>> with seeded(1, 2):
    ...     np.random.rand() == first
    True
    """
    before = random_state()
    words = _seed(*entropy)
    torch.default_generator.manual_seed(_whole(words))
    try:
        yield
    finally:
        set_random_state(before)


def seed_process(*entropy: int) -> None:
    """Lets all further draws from random, numpy and torch (GPUs too) follow from ``entropy``."""
    torch.manual_seed(_whole(_seed(*entropy)))


def random_state() -> dict[str, Any]:
    """Where random, numpy and torch (CPU) stand, in plain numbers that a checkpoint may hold."""
    return {
        'random': random.getstate(),
        'numpy': np.random.get_state(),
        'torch': torch.default_generator.get_state(),
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Goes back to where :func:`random_state` was taken."""
    random.setstate(state['random'])
    np.random.set_state(state['numpy'])
    torch.default_generator.set_state(state['torch'].cpu())


def _seed(*entropy: int) -> np.ndarray:
    words = np.random.SeedSequence(entropy).generate_state(4)
    random.seed(words.tobytes())
    np.random.seed(words)
    return words


def _whole(words: np.ndarray) -> int:
    return int.from_bytes(words.tobytes()[:8], 'little', signed=True)
