"""The pictures of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..visualization.colours import loss_colours
from .comparison import SCORES, Cell, Cells
from .markdown import axes
from .records import Record

RATES = {'share': 'share of the unmarked entries', 'precision': 'precision', 'recall': 'recall'}
_STYLES = ('-', '--', ':', '-.')


def draw_table(
    cells: Cells, title: str, reference: str | None, full: str | None, path: Path
) -> None:
    """Draws all scores: a column a label list, a row of panels a score, a line of it a loss."""
    losses, lists = axes(cells)
    colours = loss_colours(losses)
    size = (1.4 + 3.2 * len(lists), 1.6 + 0.65 * len(losses))
    figure = Figure(figsize=size, layout='constrained')
    panels = figure.subplots(len(SCORES), len(lists), squeeze=False, sharey=True, sharex='row')
    for score, row in zip(SCORES, panels):
        for labels, panel in zip(lists, row):
            ceiling = cells.get((reference, full)) if labels != full else None
            if ceiling:
                panel.axvline(ceiling.mean(score), color='0.6', linestyle=':', linewidth=1)
            for height, loss in enumerate(losses):
                if (loss, labels) in cells:
                    _draw_cell(panel, cells[loss, labels], score, height, colours[loss])
            if (reference, labels) in cells:
                panel.axvline(cells[reference, labels].mean(score), color='0.6', linewidth=1)
            panel.set_yticks(range(len(losses)), losses)
            panel.set_ylim(len(losses) - 0.4, -0.6)
            panel.margins(x=0.12)
            panel.set_title(f'{labels}: {score}', fontsize='medium')
            panel.grid(axis='x', alpha=0.3)
    told = 'dot: mean over seeds, ticks: each seed' if _seeds(cells) > 1 else 'dot: one seed'
    if reference:
        told += f'; bar: 95 % interval of the difference to {reference} (line), over images'
        told += f'; dotted: {reference} on {full} labels' if (reference, full) in cells else ''
    told = fill(told, round(11 * size[0]))  # a letter is about a twelfth of an inch wide
    figure.suptitle(f'{title}\n{told}', fontsize='medium')
    figure.savefig(path, dpi=130)


def _seeds(cells: Cells) -> int:
    return max(len(cell.runs) for cell in cells.values())


def _draw_cell(panel: Axes, cell: Cell, score: str, height: int, colour: str) -> None:
    found, difference = cell.mean(score), cell.differences.get(score)
    if difference:
        start = found - difference.value
        panel.plot(
            [start + difference.low, start + difference.high], [height] * 2, color=colour, alpha=0.35,
            linewidth=7, solid_capstyle='butt',
        )  # fmt: skip
    values = cell.values(score)
    if len(values) > 1:
        panel.plot(values, [height] * len(values), '|', color=colour, markersize=9)
    panel.plot(found, height, 'o', color=colour, markersize=5)
    told = f'{found:.1f}' + (f' ({difference.value:+.1f})' if difference else '')
    panel.annotate(
        told, (found, height), (0, 7), textcoords='offset points', ha='center', fontsize=7
    )


def draw_classes(cells: Cells, title: str, reference: str, path: Path) -> bool:
    """Draws what each class gains over the reference, the classes with most positives on top.

    Returns:
        Whether there was anything to draw.
    """
    losses, lists = axes(cells)
    gains = {key: cell.gains for key, cell in cells.items() if cell.gains is not None}
    lists = [labels for labels in lists if any(key[1] == labels for key in gains)]
    if not lists:
        return False
    predictions = next(iter(cells.values())).runs[0].predictions
    positives = (predictions.targets == 1).sum(0)
    order = np.argsort(-positives, kind='stable')
    order = order[positives[order] > 0]
    places = np.arange(len(order))
    names = [f'{predictions.classes[n]} ({positives[n]:,})' for n in order]
    colours = loss_colours(losses)
    figure = Figure(
        figsize=(1.4 + 3.6 * len(lists), 1.8 + 0.17 * max(10, len(order))), layout='constrained'
    )
    panels = figure.subplots(1, len(lists), squeeze=False, sharex=True, sharey=True)[0]
    for labels, panel in zip(lists, panels):
        for loss in losses:
            if (loss, labels) not in gains:
                continue
            found = gains[loss, labels][order]
            told = f'{loss}: mean {np.mean(found):+.1f}, {np.sum(found > 0)} of {len(found)} gain'
            panel.plot(found, places, 'o', color=colours[loss], markersize=3.5, label=told)
        panel.axvline(0, color='0.4', linewidth=1)
        panel.set_xlabel(f'AP - AP of {reference}, percentage points')
        panel.grid(alpha=0.3)
        panel.legend(
            loc='lower center', bbox_to_anchor=(0.5, 1), fontsize=7, title=f'{labels} labels'
        )
    panels[0].set_yticks(places, names, fontsize=7)
    panels[0].set_ylim(len(order) - 0.4, -0.6)
    figure.suptitle(f'{title}: gain of each class (number of its positives)', fontsize='medium')
    figure.savefig(path, dpi=130)
    return True


def draw_recoveries(records: Sequence[Record], title: str, path: Path) -> bool:
    """Draws what the losses took for missed positives: a colour a loss, a style a label list.

    Returns:
        Whether there was anything to draw.
    """
    known = [record for record in records if record.recovery]
    rates = [rate for rate in RATES if any(rate in row for r in known for row in r.recovery)]
    if not rates:
        return False
    lists = list(dict.fromkeys(record.result.labels for record in known))
    colours = loss_colours(record.result.loss for record in records)
    figure = Figure(figsize=(1.6 + 4 * len(rates), 3.8), layout='constrained')
    lines = {}
    for rate, panel in zip(rates, figure.subplots(1, len(rates), squeeze=False, sharex=True)[0]):
        for record in known:
            # where no label is missing there is no recall, and every recovery is wrong
            wanted = {rate} if rate == 'share' else {rate, 'recall'}
            rows = [row for row in record.recovery if wanted <= row.keys()]
            loss, labels = record.result.loss, record.result.labels
            [lines[f'{loss}, {labels}']] = panel.plot(
                [row['epoch'] for row in rows], [row[rate] for row in rows], marker='o', markersize=3,
                color=colours[loss],
                linestyle=_STYLES[lists.index(labels) % len(_STYLES)],
            )  # fmt: skip
        panel.set(xlabel='epoch', ylabel='percent')
        panel.set_title(RATES[rate], fontsize='medium')
        panel.set_ylim(0, None if rate == 'share' else 105)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(alpha=0.3)
    figure.legend(
        lines.values(), lines.keys(), loc='outside right upper', fontsize=8, handlelength=3
    )
    figure.suptitle(f'{title}: unmarked entries taken for missed positives', fontsize='medium')
    figure.savefig(path, dpi=130)
    return True
