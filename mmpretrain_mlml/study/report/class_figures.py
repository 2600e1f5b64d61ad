"""Figures of what each class gains over a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...printable import NAME
from ...visualization.colours import loss_colours
from ...visualization.texts import plain
from ..comparison.cells import Cells, losses_and_lists
from ..comparison.paired import ClassGains

MOST = 100  # classes of a figure; of more, those with the largest gains and losses are drawn
NAMED = 6  # classes whose names stand beside their points, of those that gain and lose most

Gains = Mapping[str, ClassGains]  # by name of what is compared with the reference


def draw_classes(cells: Cells, title: str, reference: str, path: Path) -> bool:
    """Draw the gain of each class as a PNG, a panel for each label list.

    Args:
        cells: Compared cells of a table.
        title: Title of the figure.
        reference: Loss that the others are compared with.
        path: File to write.

    Returns:
        Whether there was anything to draw.
    """
    losses, lists = losses_and_lists(cells)
    gains = {key: cell.gains for key, cell in cells.items() if cell.gains is not None}
    panels = {
        f'{labels} labels': {
            loss: gains[loss, labels] for loss in losses if (loss, labels) in gains
        }
        for labels in lists
    }
    panels = {name: panel for name, panel in panels.items() if panel}
    predictions = next(iter(cells.values())).runs[0].predictions
    if not panels or predictions is None:
        return False
    positives = (predictions.targets == 1).sum(0)
    figure = Figure(figsize=gains_size(len(panels), positives), layout='constrained')
    axes = figure.subplots(1, len(panels), squeeze=False, sharex=True, sharey=True)[0]
    classes = predictions.classes.tolist()
    draw_gains(list(axes), panels, losses, reference, classes, positives)
    figure.suptitle(
        f'{plain(title)}: gain of each class (number of its positives)', fontsize='medium'
    )
    figure.savefig(path, dpi=130)
    return True


def gains_size(panels: int, positives: np.ndarray) -> tuple[float, float]:
    """Return width and height, in inches, of a figure of :func:`draw_gains`."""
    return 1.4 + 3.6 * panels, 1.8 + 0.17 * min(MOST, max(10, int((positives > 0).sum())))


def draw_gains(
    axes: Sequence[Axes],
    panels: Mapping[str, Gains],
    names: Sequence[str],
    reference: str,
    classes: Sequence[str],
    positives: np.ndarray,
) -> None:
    """Draw the gain of each class with its 95 % interval, the classes with most positives on top.

    Args:
        axes: Axes of each panel, which share their y axis.
        panels: Gains by title of a panel.
        names: All names of the gains, in the order of their colours.
        reference: Name of the reference.
        classes: C class names.
        positives: Number of positives of each class, (C,); classes without any are left out.
    """
    order = np.argsort(-positives, kind='stable')
    order = order[positives[order] > 0]
    if len(order) > MOST:
        largest = np.max(
            [abs(one.values) for panel in panels.values() for one in panel.values()], 0
        )
        chosen = np.argsort(-largest[order], kind='stable')[:MOST]
        order = order[np.sort(chosen)]
    heights = np.arange(len(order))
    colours = loss_colours(names)
    for (title, panel), axis in zip(panels.items(), axes, strict=True):
        for number, (name, gains) in enumerate(panel.items()):
            drawn = gains.values[order]
            at = heights + 0.6 * ((number + 0.5) / len(panel) - 0.5)
            axis.hlines(
                at,
                gains.low[order],
                gains.high[order],
                color=colours[name],
                alpha=0.35,
                linewidth=2,
            )
            occurs = positives > 0
            better = f'{np.sum(gains.values[occurs] > 0)} of {occurs.sum()} gain'
            label = f'{plain(name)}: mean {np.mean(gains.values[occurs]):+.1f}, {better}'
            axis.plot(drawn, at, 'o', color=colours[name], markersize=3.5, label=label)
        axis.axvline(0, color='0.4', linewidth=1)
        axis.set_xlabel(f'AP - AP of {plain(reference)}, percentage points')
        axis.grid(alpha=0.3)
        axis.legend(
            loc='lower center', bbox_to_anchor=(0.5, 1), fontsize=7, title=plain(title) or None
        )
    labels = [f'{plain(classes[n], NAME)} ({positives[n]:,})' for n in order]
    axes[0].set_yticks(heights, labels, fontsize=7)
    axes[0].set_ylim(len(order) - 0.4, -0.6)


def draw_gains_by_missing(
    axis: Axes,
    gains: Gains,
    missing: np.ndarray,
    reference: str,
    classes: Sequence[str],
    correlations: Mapping[str, float | None],
    names: Sequence[str],
) -> None:
    """Draw the gain of each class against the share of its labels that was missing in training.

    Args:
        axis: Axes to draw into.
        gains: Gains by name.
        missing: Share of each class's labels that was missing, (C,).
        reference: Name of the reference.
        classes: C class names.
        correlations: Rank correlation of gain and share, by name.
        names: All names, in the order of their colours.
    """
    colours = loss_colours(names)
    for name, one in gains.items():
        shown = ~np.isnan(one.values) & ~np.isnan(missing)
        rank = correlations.get(name)
        label = plain(name) + ('' if rank is None else f': rank correlation {rank:+.2f}')
        x, y = 100 * missing[shown], one.values[shown]
        axis.plot(x, y, 'o', color=colours[name], alpha=0.7, markersize=4, label=label)
        ranked = np.flatnonzero(shown)[np.argsort(-y, kind='stable')]
        for index in {*ranked[: NAMED // 2].tolist(), *ranked[-(NAMED // 2) :].tolist()}:
            axis.annotate(
                plain(classes[index], NAME), (100 * missing[index], one.values[index]),
                (4, 2), textcoords='offset points', fontsize=6,
            )  # fmt: skip
    axis.axhline(0, color='0.4', linewidth=1)
    axis.set_xlabel('labels of the class missing in training, percent')
    axis.set_ylabel(f'AP - AP of {plain(reference)}')
    axis.grid(alpha=0.3)
    axis.legend(loc='lower center', bbox_to_anchor=(0.5, 1), fontsize=7)
