"""Figure of what each class gains over the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ...printable import NAME
from ...visualization.colours import loss_colours
from ...visualization.texts import plain
from ..comparison.cells import Cells, losses_and_lists


def draw_classes(cells: Cells, title: str, reference: str, path: Path) -> bool:
    """Draw the gain of each class as a PNG, the classes with most positives on top.

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
    lists = [labels for labels in lists if any(key[1] == labels for key in gains)]
    predictions = next(iter(cells.values())).runs[0].predictions
    if not lists or predictions is None:
        return False
    positives = (predictions.targets == 1).sum(0)
    order = np.argsort(-positives, kind='stable')
    order = order[positives[order] > 0]
    heights = np.arange(len(order))
    names = [f'{plain(predictions.classes[n], NAME)} ({positives[n]:,})' for n in order]
    colours = loss_colours(losses)
    size = (1.4 + 3.6 * len(lists), 1.8 + 0.17 * max(10, len(order)))
    figure = Figure(figsize=size, layout='constrained')
    panels = figure.subplots(1, len(lists), squeeze=False, sharex=True, sharey=True)[0]
    for labels, panel in zip(lists, panels):
        for loss in losses:
            if (loss, labels) in gains:
                gain = gains[loss, labels][order]
                better = f'{np.sum(gain > 0)} of {len(gain)} gain'
                label = f'{plain(loss)}: mean {np.mean(gain):+.1f}, {better}'
                panel.plot(gain, heights, 'o', color=colours[loss], markersize=3.5, label=label)
        panel.axvline(0, color='0.4', linewidth=1)
        panel.set_xlabel(f'AP - AP of {plain(reference)}, percentage points')
        panel.grid(alpha=0.3)
        panel.legend(
            loc='lower center', bbox_to_anchor=(0.5, 1), fontsize=7, title=f'{plain(labels)} labels'
        )
    panels[0].set_yticks(heights, names, fontsize=7)
    panels[0].set_ylim(len(order) - 0.4, -0.6)
    figure.suptitle(
        f'{plain(title)}: gain of each class (number of its positives)', fontsize='medium'
    )
    figure.savefig(path, dpi=130)
    return True
