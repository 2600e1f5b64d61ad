"""Figures of what happens over the epochs: scores, and labels recovered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...visualization.colours import loss_colours
from ...visualization.texts import plain
from ..comparison.cells import SCORES, Cell, Cells, losses_and_lists
from ..records.run_record import RunRecord

RATES = {'share': 'share of the unobserved entries', 'precision': 'precision', 'recall': 'recall'}
_STYLES = ('-', '--', ':', '-.')


def draw_curves(
    cells: Cells,
    title: str,
    reference: str | None,
    full: str | None,
    path: Path,
    names: Mapping[tuple[str, str], str] | None = None,
) -> bool:
    """Draw scores over the epochs as a PNG: a row of panels for each label list.

    A line is the mean over seeds, a band their range. The reference on full labels is drawn in black
    in every row.

    Args:
        cells: Cells of a table.
        title: Title of the figure.
        reference: Loss that the others are compared with, if any.
        full: Labels of which none is missing, if any.
        path: File to write.
        names: Names of cells in the legend, where they are not ``'LOSS, LABELS'``.

    Returns:
        Whether there was anything to draw: a run that was validated more than once.
    """
    if not any(len(run.scores) > 1 for cell in cells.values() for run in cell.runs):
        return False
    losses, lists = losses_and_lists(cells)
    ceiling = (reference, full)
    rows = [name for name in lists if any(k[1] == name and k != ceiling for k in cells)] or lists
    colours = loss_colours(losses)
    figure = Figure(figsize=(9, 0.4 + 3.2 * len(rows)), layout='constrained')
    for labels, panels in zip(rows, figure.subplots(len(rows), len(SCORES), squeeze=False)):
        shown = {key: cell for key, cell in cells.items() if key == ceiling or key[1] == labels}
        for score, panel in zip(SCORES, panels):
            for key, cell in shown.items():
                name = (names or {}).get(key, ', '.join(key))
                colour = 'black' if key == ceiling else colours[key[0]]
                _draw_curve(panel, cell, score, name, colour)
            panel.set_title(f'{score} on the validation images', fontsize='medium')
            panel.legend(loc='best', fontsize='small')
            _finish(panel)
    figure.suptitle(plain(title))
    figure.savefig(path, dpi=130)
    return True


def draw_recovery(records: Sequence[RunRecord], title: str, path: Path) -> bool:
    """Draw the labels that losses recovered, as a PNG: a colour for each loss, a style for each list.

    Returns:
        Whether there was anything to draw.
    """
    known = [record for record in records if record.recovery]
    rates = [rate for rate in RATES if any(rate in row for r in known for row in r.recovery)]
    if not rates:
        return False
    lists = list(dict.fromkeys(record.labels for record in known))
    colours = loss_colours(record.loss for record in records)
    figure = Figure(figsize=(1.6 + 4 * len(rates), 3.8), layout='constrained')
    lines = {}
    for rate, panel in zip(rates, figure.subplots(1, len(rates), squeeze=False, sharex=True)[0]):
        for record in known:
            # where no label is missing there is no recall, and every recovery is wrong
            needed = {rate} if rate == 'share' else {rate, 'recall'}
            rows = [row for row in record.recovery if needed <= row.keys()]
            [lines[plain(f'{record.loss}, {record.labels}')]] = panel.plot(
                [row['epoch'] for row in rows],
                [row[rate] for row in rows],
                marker='o',
                markersize=3,
                color=colours[record.loss],
                linestyle=_STYLES[lists.index(record.labels) % len(_STYLES)],
            )
        panel.set_title(RATES[rate], fontsize='medium')
        panel.set_ylim(0, None if rate == 'share' else 105)
        _finish(panel)
    figure.legend(
        lines.values(), lines.keys(), loc='outside right upper', fontsize=8, handlelength=3
    )
    figure.suptitle(
        f'{plain(title)}: unobserved entries taken for missing labels', fontsize='medium'
    )
    figure.savefig(path, dpi=130)
    return True


def _draw_curve(panel: Axes, cell: Cell, score: str, name: str, colour: str) -> None:
    by_step = [
        {row['step']: row[f'multi-label/{score}'] for row in run.scores} for run in cell.runs
    ]
    steps = sorted(set.intersection(*map(set, by_step)))
    values = [[scores[step] for scores in by_step] for step in steps]
    label = f'{plain(name)}: {cell.mean(score):.1f}'
    panel.plot(
        steps, [mean(v) for v in values], marker='o', markersize=4, color=colour, label=label
    )
    if len(cell.runs) > 1:
        low, high = [min(v) for v in values], [max(v) for v in values]
        panel.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)


def _finish(panel: Axes) -> None:
    panel.set(xlabel='epoch', ylabel='percent')
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.grid(alpha=0.3)
