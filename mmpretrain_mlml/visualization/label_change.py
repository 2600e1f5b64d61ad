"""Labels before and after a protocol, drawn and as tables."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.table import Table

from ..labels.change import LabelChange
from ..printable import printable
from .bars import draw_bars
from .texts import plain

NAMED = 90  # classes, above which their names are left out


def draw_label_change(change: LabelChange, title: str) -> Figure:
    """Draw the labels of each class, what is left of them and missing, and the labels of an image.

    Args:
        change: Labels before and after.
        title: Title of the figure.
    """
    figure = Figure(figsize=(13, 7), layout='constrained')
    top, share, missing, images = figure.subplot_mosaic('TTT;LMI').values()
    order = np.argsort(-change.before, kind='stable')
    at = np.arange(len(order))
    top.margins(x=0.01)
    draw_bars(top, change.before[order], color='tab:gray', label='before')
    draw_bars(top, change.after[order], color='tab:blue', label='after')
    top.set(ylabel='images', title='images of each class')
    if change.before.max(initial=0) > 100:
        top.set_yscale('log')
    named = len(order) <= NAMED
    top.set_xticks(at if named else [], [plain(change.classes[i]) for i in order] if named else [])
    top.tick_params(axis='x', rotation=90, labelsize='x-small')
    top.legend()
    there = change.before > 0
    left = 100 * change.share_left[there]
    share.plot(change.before[there], left, 'o', alpha=0.6, color='tab:blue')
    share.set(ylabel='percent left', ylim=(-3, 103))
    missing.plot(
        change.before[there], 100 * change.false_negatives_by_class[there], 'o', alpha=0.6,
        color='tab:red',
    )  # fmt: skip
    missing.set(ylabel='percent false negatives')
    missing.set_ylim(bottom=0)
    for panel in (share, missing):
        panel.set_xlabel('labels of the class before')
        panel.set_xscale('log')
        panel.grid(alpha=0.3)
    numbers = np.arange(change.per_image.shape[1])
    for row, offset, colour in ((0, -0.2, 'tab:gray'), (1, 0.2, 'tab:blue')):
        images.bar(numbers + offset, change.per_image[row], width=0.4, color=colour)
    images.xaxis.set_major_locator(MaxNLocator(integer=True))
    means = [
        f'{count.sum() / max(change.images, 1):.2f}' for count in (change.before, change.after)
    ]
    images.set(xlabel='labels of an image', ylabel='images', title=f'mean {" to ".join(means)}')
    figure.suptitle(plain(title))
    return figure


def label_change_tables(change: LabelChange, most: int = 30) -> list[Table]:
    """Return the numbers of a change, and of the classes that lost most, as tables.

    Args:
        change: Labels before and after.
        most: Number of classes that are shown.
    """
    old, new = int(change.before.sum()), int(change.after.sum())
    images = max(change.images, 1)
    summary = Table('', 'before', 'after', title='labels', title_justify='left')
    for name, *cells in (
        ('labels', f'{old:,}', f'{new:,} ({new / max(old, 1):.1%})'),
        ('an image', f'{old / images:.2f}', f'{new / images:.2f}'),
        ('images without labels', *(f'{row[0]:,}' for row in change.per_image)),
        ('dropped', '', f'{change.dropped:,} ({change.dropped / max(old, 1):.1%} of the labels)'),
        ('added', '', f'{change.added:,}'),
        ('false negatives among the other entries', '', f'{change.false_negatives:.2%}'),
    ):
        summary.add_row(name, *cells)
    order = np.argsort(np.nan_to_num(change.share_left, nan=2.0), kind='stable')
    title = f'the {most} classes that lost most' if len(order) > most else 'classes'
    columns = ('class', 'before', 'after', 'left', 'false negatives')
    classes = Table(*columns, title=title, title_justify='left')
    for index in order[:most]:
        share = change.share_left[index]
        counts = f'{change.before[index]:,}', f'{change.after[index]:,}'
        left = '-' if np.isnan(share) else f'{share:.1%}'
        missing = f'{change.false_negatives_by_class[index]:.2%}'
        classes.add_row(printable(change.classes[index], 40), *counts, left, missing)
    return [summary, classes]
