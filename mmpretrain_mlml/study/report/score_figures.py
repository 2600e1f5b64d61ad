"""Figure of final scores: a row for each loss, a panel for each label list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...printable import NAME
from ...visualization.colours import loss_colours
from ...visualization.texts import plain
from ..comparison.cells import Cell, Cells, losses_and_lists


def draw_scores(
    rows: Mapping[str, tuple[Cells, str]],
    title: str,
    path: Path,
    reference: str | None = None,
    full: str | None = None,
) -> None:
    """Draw final scores as a PNG, one row of panels below the other.

    Args:
        rows: Cells and the score to draw, see :meth:`.Cell.values`, by the title of a row of panels.
        title: Title of the figure.
        path: File to write.
        reference: Loss that the others are compared with, if any.
        full: Labels of which none is missing, if any.

    Raises:
        ValueError: If there is no row.
    """
    if not rows:
        raise ValueError('no complete run to draw')
    shapes = [losses_and_lists(cells) for cells, _ in rows.values()]
    heights = [1.1 + 0.33 * len(losses) for losses, _ in shapes]
    width = 1.4 + 3.2 * max(len(lists) for _, lists in shapes)
    width = max(width, 0.09 * max(map(len, (title, *rows))))
    legend = fill(plain(_legend(rows, reference, full)), round(11 * width))  # 11 letters an inch
    figure = Figure(figsize=(width, 0.7 + sum(heights)), layout='constrained')
    figure.suptitle('\n'.join(filter(None, [plain(title), legend])), fontsize='medium')
    parts = figure.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (row, (cells, score)), (losses, lists) in zip(parts, rows.items(), shapes):
        part.suptitle(plain(row), fontsize='medium')
        panels = part.subplots(1, len(lists), squeeze=False, sharex=True, sharey=True)[0]
        for labels, panel in zip(lists, panels):
            _draw_panel(panel, cells, labels, score, reference, full)
            panel.set_yticks(range(len(losses)), [plain(loss, NAME) for loss in losses])
            panel.set_ylim(len(losses) - 0.4, -0.6)
    figure.savefig(path, dpi=130)


def _draw_panel(
    panel: Axes, cells: Cells, labels: str, score: str, reference: str | None, full: str | None
) -> None:
    losses, _ = losses_and_lists(cells)
    colours = loss_colours(losses)
    for height, loss in enumerate(losses):
        if (loss, labels) in cells:
            _draw_cell(panel, cells[loss, labels], score, height, colours[loss])
    for name, style in {full: ':', labels: '-'}.items():
        if reference and name and (reference, name) in cells:
            middle = cells[reference, name].mean(score)
            panel.axvline(middle, color='0.6', linestyle=style, linewidth=1)
    panel.set_title(f'{plain(labels)} labels', fontsize='medium')
    panel.margins(x=0.12)
    panel.grid(axis='x', alpha=0.3)


def _draw_cell(panel: Axes, cell: Cell, score: str, height: int, colour: str) -> None:
    middle, values = cell.mean(score), cell.values(score)
    label = f'{middle:.1f}'
    if score in cell.differences:
        difference, low, high = cell.differences[score]
        label += f' ({difference:+.1f})'
        ends = [middle - difference + low, middle - difference + high]
        panel.plot(ends, [height] * 2, color=colour, alpha=0.35, linewidth=7, solid_capstyle='butt')
    if len(values) > 1:
        panel.plot(values, [height] * len(values), '|', color=colour, markersize=9)
    if cell.published and score != 'OF1':
        panel.plot(cell.published[0], height, 'x', color=colour, markersize=7)
    panel.plot(middle, height, 'o', color=colour, markersize=5)
    panel.annotate(
        label, (middle, height), (0, 7), textcoords='offset points', ha='center', fontsize=7
    )


def _legend(rows: Mapping[str, tuple[Cells, str]], reference: str | None, full: str | None) -> str:
    cells = [cell for table, _ in rows.values() for cell in table.values()]
    several = any(len(cell.runs) > 1 for cell in cells)
    parts = ['dot: mean over seeds, ticks: each seed' if several else 'dot: one seed']
    if any(cell.published for cell in cells):
        parts.append('cross: the paper')
    if reference:
        parts.append(f'bar: 95 % interval of the difference to {reference} (line), over images')
    if any((reference, full) in table for table, _ in rows.values()):
        parts.append(f'dotted: {reference} on {full} labels')
    return '; '.join(parts)
