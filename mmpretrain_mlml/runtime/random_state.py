"""The random number generators of Python, numpy and torch, seeded, saved and restored together."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def seeded(*entropy: int) -> Iterator[None]:
    """Seed random, numpy and torch (CPU) inside a ``with`` block, and restore their state after it.

    Args:
        *entropy: Seeds, integers >= 0.

    >>> with seeded(1, 2):
    ...     first = np.random.rand()
    >>> with seeded(1, 2):
    ...     np.random.rand() == first
    True
    """
    before = random_state()
    words = _seed_python_and_numpy(*entropy)
    torch.default_generator.manual_seed(_torch_seed(words))
    try:
        yield
    finally:
        set_random_state(before)


def seed_process(*entropy: int) -> None:
    """Seed random, numpy and torch, including its GPU generators.

    Args:
        *entropy: Seeds, integers >= 0.
    """
    torch.manual_seed(_torch_seed(_seed_python_and_numpy(*entropy)))


def random_state() -> dict[str, Any]:
    """Return the state of random, numpy and torch (CPU), of types that a checkpoint may hold."""
    return {
        'random': random.getstate(),
        'numpy': np.random.get_state(),
        'torch': torch.default_generator.get_state(),
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Restore a state returned by :func:`random_state`."""
    random.setstate(state['random'])
    np.random.set_state(state['numpy'])
    torch.default_generator.set_state(state['torch'].cpu())


def _seed_python_and_numpy(*entropy: int) -> np.ndarray:
    words = np.random.SeedSequence(entropy).generate_state(4)
    random.seed(words.tobytes())
    np.random.seed(words)
    return words


def _torch_seed(words: np.ndarray) -> int:
    return int.from_bytes(words.tobytes()[:8], 'little', signed=True)
