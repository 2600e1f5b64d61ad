"""The rows of a simulation as a table and as a figure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import isnan
from statistics import mean
from typing import Any

from ..files import atomic_write

COLOURS = ('#0b6b3a', '#0b57d0', '#a3261c', '#8a5a00', '#6a3ea1')
GREY = '#777777'  # of random images
STYLES = ('-', '--', ':', '-.')
Rows = Sequence[dict[str, Any]]


def gaps_closed(rows: Rows, reference: str = 'BCE') -> list[tuple[float, float]]:
    """Return the shares of the gaps in mAP and OF1 that each row closes.

    The gaps lie between no decisions and all labels, both with the loss ``reference``.
    """
    ends = {row['order']: row for row in rows if row['loss'] == reference}
    shares = []
    for row in rows:
        pair = []
        for key in ('mAP', 'OF1'):
            low, high = (mean(ends[order][key]) for order in ('none', 'all labels'))
            pair.append((mean(row[key]) - low) / (high - low) if high != low else float('nan'))
        shares.append((pair[0], pair[1]))
    return shares


def percent(share: float) -> str:
    """Return a share as text, such as ``'12%'``; ``'-'`` if there is none (NaN)."""
    return '-' if isnan(share) else f'{round(share, 2) + 0.0:.0%}'


def table(rows: Rows, reference: str = 'BCE') -> str:
    """Return a Markdown table: labels found, scores, and the shares of the gaps that are closed."""
    lines = [
        '| order | decisions | found | loss | mAP | OF1 | mAP gap closed | OF1 gap closed |',
        '|---|---|---|---|---|---|---|---|',
    ]
    for row, (mAP, OF1) in zip(rows, gaps_closed(rows, reference)):
        cells = (
            row['order'],
            f'{row["decisions"]:,} ({row["share"]:.1%})',
            f'{row["found"]:.0%}',
            row['loss'],
            f'{mean(row["mAP"]):.1f}',
            f'{mean(row["OF1"]):.1f}',
            percent(mAP),
            percent(OF1),
        )
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def draw(rows: Rows, path: str | os.PathLike[str]) -> None:
    """Draw found labels, mAP and OF1 over the share of decisions into a PNG file.

    Raises:
        OSError: If the file cannot be written.
    """
    from matplotlib.figure import Figure

    losses = list(dict.fromkeys(row['loss'] for row in rows))
    names = dict.fromkeys(row['order'] for row in rows)
    orders = [name for name in names if name not in ('none', 'all labels')]
    chosen = [name for name in orders if not name.startswith('random')]
    colours = dict(zip(chosen, COLOURS)) | dict.fromkeys(set(orders) - set(chosen), GREY)
    figure = Figure(figsize=(11, 3.6), layout='constrained')
    for axes, key in zip(figure.subplots(1, 3), ('found', 'mAP', 'OF1')):
        for loss, style in zip(losses[:1] if key == 'found' else losses, STYLES):
            of_loss = [row for row in rows if row['loss'] == loss]
            for order, colour in colours.items():
                curve = [row for row in of_loss if row['order'] in ('none', order)]
                x = [100 * row['share'] for row in curve]
                y = [100 * row[key] if key == 'found' else mean(row[key]) for row in curve]
                label = f'{order}, {loss}' if key == 'mAP' else None
                axes.plot(x, y, style, color=colour, marker='.', label=label)
        if key != 'found':
            ends = (row for row in rows if row['order'] == 'all labels')
            end = mean(next(row for row in ends if row['loss'] == losses[0])[key])
            axes.axhline(end, color='0.4', lw=0.8)
            text = f'{losses[0]}, all labels'
            axes.annotate(text, (0, end), va='bottom', fontsize=8, color='0.3')
        title = 'missing labels found, percent' if key == 'found' else f'{key}, percent'
        axes.set(xlabel='decisions, percent of unobserved', ylabel=title)
    figure.legend(loc='outside right center', fontsize=8, frameon=False)
    with atomic_write(path) as file:
        figure.savefig(file, dpi=110, format='png')
