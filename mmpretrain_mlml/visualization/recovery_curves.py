"""Recovered labels over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .texts import plain

CURVES = {  # colour and label, in the order of the panels
    'share': ('tab:red', 'share'),
    'precision': ('tab:blue', 'precision'),
    'recall': ('tab:green', 'recall'),
}


def draw_recovery(epochs: Sequence[Mapping[str, Any]], title: str, path: Path) -> None:
    """Draw the share of recovered entries and, if known, precision and recall.

    Args:
        epochs: For each epoch its number ``epoch`` and, as far as they exist, ``share``, ``precision``
            and ``recall``, in percent.
        title: Title of the figure.
        path: File to write (.png).
    """
    # a run on full labels has no recall, because no label is missing, but has a precision
    known = any('precision' in row or 'recall' in row for row in epochs)
    figure = Figure(figsize=(9 if known else 4.5, 3.6), layout='constrained')
    panels = figure.subplots(1, 2 if known else 1, squeeze=False)[0]
    for name, (colour, label) in CURVES.items():
        rows = [row for row in epochs if name in row]
        if rows:
            panel = panels[0 if name == 'share' else 1]
            at, values = zip(*((row['epoch'], row[name]) for row in rows))
            label = f'{label}: {values[-1]:.1f}'
            panel.plot(at, values, marker='o', markersize=4, color=colour, label=label)
    for panel in panels:
        panel.set(xlabel='epoch', ylabel='percent')
        panel.set_ylim(bottom=0)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(alpha=0.3)
        panel.legend(loc='best', fontsize='small')
    panels[0].set_title('of all unobserved entries', fontsize='medium')
    if known:
        panels[1].set_title('against the full labels', fontsize='medium')
        panels[1].set_ylim(top=105)
    figure.suptitle(plain(title))
    figure.savefig(path, dpi=130)
