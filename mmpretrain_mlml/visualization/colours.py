"""One colour a loss, the same in every picture that compares losses."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

_FIXED = {'BCE': 'tab:gray', 'Hill': 'tab:red', 'SPLC': 'tab:blue', 'ASL': 'tab:orange'}
_OTHERS = ('tab:green', 'tab:purple', 'tab:cyan', 'tab:pink', 'tab:brown', 'tab:olive')


def loss_colours(losses: Iterable[str]) -> dict[str, str]:
    """A matplotlib colour for each loss: its own where it has one, else the next that is free.

    Args:
        losses: Their names, in the order of the picture's legend.
    """
    free = cycle(_OTHERS)
    return {loss: _FIXED.get(loss) or next(free) for loss in dict.fromkeys(losses)}
