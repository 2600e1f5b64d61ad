"""Colours of losses, the same in every figure that compares losses."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

_FIXED = {'BCE': 'tab:gray', 'Hill': 'tab:red', 'SPLC': 'tab:blue', 'ASL': 'tab:orange'}
_OTHERS = ('tab:green', 'tab:purple', 'tab:cyan', 'tab:pink', 'tab:brown', 'tab:olive')


def loss_colours(losses: Iterable[str]) -> dict[str, str]:
    """Return a Matplotlib colour for each loss; some losses have a fixed one.

    Args:
        losses: Names of the losses, in the order of the legend.
    """
    free = cycle(_OTHERS)
    return {loss: _FIXED.get(loss) or next(free) for loss in dict.fromkeys(losses)}
