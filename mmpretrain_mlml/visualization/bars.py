"""Bars for any number of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

MOST = 300  # bars that are drawn one by one; thousands take minutes, and nobody sees them apart


def draw_bars(
    axes: Axes, heights: np.ndarray, bottom: np.ndarray | float = 0.0, **style: Any
) -> None:
    """Draw bars at 0, 1, 2, ...; many of them as one filled outline.

    Args:
        axes: Where to draw.
        heights: Heights, (C,).
        bottom: Where the bars begin: a number, or one of each bar, (C,).
        **style: ``color`` and ``label``.
    """
    at = np.arange(len(heights))
    if len(at) <= MOST:
        axes.bar(at, heights, bottom=bottom, **style)
    else:
        axes.fill_between(at, bottom, bottom + heights, step='mid', linewidth=0, **style)
