"""Statistics of labels, drawn and as tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.table import Table

from ..datasets.description import SetDescription
from ..printable import printable
from .bars import draw_bars
from .texts import plain

NAMED, DRAWN = 90, 300  # classes whose names are written; classes of which pairs are drawn
HIDING = 0.95  # share of unobserved entries from which on they would hide all others
KINDS = {'present': 'tab:blue', 'absent': 'tab:gray', 'unobserved': 'tab:orange'}


def draw_label_statistics(described: SetDescription) -> Figure:
    """Draw the kinds of labels of each class, the labels of an image, and which classes co-occur.

    Args:
        described: Labels of a data set.
    """
    figure = Figure(figsize=(13, 9), layout='constrained')
    panels = figure.subplot_mosaic('KK;IP', height_ratios=[1, 1.3])
    order = np.argsort(-described.kinds.present, kind='stable')
    at, bottom = np.arange(len(order)), np.zeros(len(order))
    total = sum(int(count.sum()) for count in described.kinds)
    share = int(described.kinds.unobserved.sum()) / max(total, 1)
    title = 'labels of each class'
    if share > HIDING:
        title += f'; {share:.2%} of all entries are unobserved and not drawn'
    for (kind, colour), count in zip(KINDS.items(), described.kinds):
        if kind == 'unobserved' and share > HIDING:
            continue
        draw_bars(panels['K'], count[order], bottom, color=colour, label=kind)
        bottom = bottom + count[order]
    if len(order) > DRAWN:  # a few are frequent and thousands rare
        panels['K'].set(xscale='symlog', yscale='symlog', xlabel='classes, by frequency')
    panels['K'].legend()
    panels['K'].margins(x=0.01)
    panels['K'].set(ylabel='images', title=title)
    names = [plain(described.classes[index]) for index in order]
    named = len(order) <= NAMED
    if len(order) <= DRAWN:
        panels['K'].set_xticks(at if named else [], names if named else [], rotation=90)
    panels['K'].tick_params(axis='x', labelsize='x-small')
    panels['I'].bar(np.arange(len(described.per_image)), described.per_image)
    panels['I'].xaxis.set_major_locator(MaxNLocator(integer=True))
    panels['I'].set(xlabel='labels of an image', ylabel='images')
    first = order[:DRAWN]
    place = {int(index): row for row, index in enumerate(described.paired)}
    rows = [place[int(index)] for index in first]
    together = described.together[np.ix_(rows, rows)].astype(float)
    percent = 100 * together / np.maximum(described.kinds.present[first], 1)[:, None]
    picture = panels['P'].imshow(percent, vmin=0, vmax=100, interpolation='nearest')
    panels['P'].set(title='percent of the images of a class (row) that show another')
    panels['P'].set_xticks(at if named else [], names if named else [], rotation=90)
    panels['P'].set_yticks(at if named else [], names if named else [])
    panels['P'].tick_params(labelsize='xx-small')
    figure.colorbar(picture, ax=panels['P'])
    figure.suptitle(f'{plain(described.split)}: {described.images:,} images')
    return figure


def label_statistics_tables(sets: Sequence[SetDescription], most: int = 10) -> list[Table]:
    """Return the numbers of data sets, and the most frequent pairs of classes of each, as tables.

    Args:
        sets: Labels of data sets.
        most: Number of pairs.
    """
    table = Table('set', title='labels', title_justify='left')
    for name in ('images', 'classes', *KINDS, 'an image', 'no label', 'dropped', 'rarest class'):
        table.add_column(name, justify='right')
    for one in sets:
        totals = [f'{int(count.sum()):,}' for count in one.kinds]
        rarest = int(one.kinds.present.argmin()) if one.classes else 0
        last = f'{printable(one.classes[rarest], 30)} ({one.kinds.present[rarest]:,})'
        counts = f'{one.labels_an_image:.2f}', f'{one.per_image[0]:,}', f'{one.dropped:,}', last
        table.add_row(one.split, f'{one.images:,}', str(len(one.classes)), *totals, *counts)
    tables = [table]
    for one in sets:
        title = f'{one.split}: most frequent pairs'
        pairs = Table('class', 'class', 'images', 'times chance', title=title, title_justify='left')
        for first, second, both, ratio in one.pairs(most):
            pairs.add_row(printable(first, 30), printable(second, 30), f'{both:,}', f'{ratio:.1f}')
        tables.append(pairs)
    return tables
