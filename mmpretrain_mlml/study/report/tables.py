"""Tables of scores: of a study, of the paper's setting, and of a few cells beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import mean, stdev

from ...printable import markdown_text
from ..comparison.bootstrap import Estimate
from ..comparison.cells import SCORES, Cell, Cells, losses_and_lists
from ..comparison.gains import share_of_gap
from ..records.published import show_published

Table = list[list[str]]  # rows of text, the first of which is the header
RATES = 'precision', 'recall'  # of recovered labels


def mean_and_deviation(values: Sequence[float], digits: int = 2, n: bool = False) -> str:
    """Return a mean, and for several values their standard deviation.

    >>> mean_and_deviation([70.0, 72.0]), mean_and_deviation([70.0], digits=1, n=True)
    ('71.00 ± 1.41', '70.0 (n = 1)')
    """
    deviation = f' ± {stdev(values):.{digits}f}' if len(values) > 1 else ''
    return f'{mean(values):.{digits}f}{deviation}' + (f' (n = {len(values)})' if n else '')


def study_table(cells: Cells, reference: str | None) -> Table:
    """Return losses by label lists, with the differences to a reference and the gap closed."""
    other = str(reference).replace('{', '{{').replace('}', '}}')
    rows: dict[str, _Show] = {
        '{}': lambda cell, score: _value(cell, score, n=len(cell.runs) > 1),
        f'{{}} - {other}': lambda cell, score: show_estimate(cell.differences.get(score), '+'),
        '{}, gap closed': lambda cell, score: show_estimate(cell.closed.get(score), '', 0, ' %'),
        '{}, best epoch': _best,
        '{} in the paper': _published,
    }
    return _losses_by_lists(cells, SCORES, rows)


def paper_table(cells: Cells, score: str) -> Table:
    """Return losses by label lists, with the paper's figures where they are comparable.

    Args:
        cells: Runs of one setting.
        score: ``'best'`` or ``'last'``, see :meth:`.Cell.values`.
    """
    rows: dict[str, _Show] = {
        '{}': lambda cell, score: _value(cell, score, n=True),
        '{} in the paper': _published,
    }
    return _losses_by_lists(cells, (score,), rows)


def cell_table(cells: Mapping[str, Cell], low: str, high: str) -> Table:
    """Return a row for each cell: final scores, share of the mAP gap closed, recovery.

    Args:
        cells: Cells by the title of their row.
        low: Title of the row at which the gap starts.
        high: Title of the row at which it ends.
    """
    closed = gaps_closed(cells, low, high)
    rates = [rate for rate in RATES if any(cell.recovery(rate) for cell in cells.values())]
    header = ['', *SCORES, 'mAP gap closed', *(f'recovery {rate}' for rate in rates)]
    return [header] + [
        [
            title,
            *(mean_and_deviation(cell.values(score), digits=1) for score in SCORES),
            _percent(closed[title]) if title in closed else '',
            *(_percent(mean(cell.recovery(r))) if cell.recovery(r) else '' for r in rates),
        ]
        for title, cell in cells.items()
    ]


def gaps_closed(cells: Mapping[str, Cell], low: str, high: str) -> dict[str, float]:
    """Return how much of the gap in mAP between two cells the others close, in percent."""
    start, end = cells[low].mean('mAP'), cells[high].mean('mAP')
    others = {title: cell for title, cell in cells.items() if title not in (low, high)}
    if start == end:
        return {}
    return {title: share_of_gap(start, end, cell.mean('mAP')) for title, cell in others.items()}


def markdown_lines(table: Table) -> list[str]:
    """Return the lines of a table in Markdown."""
    header, *rows = table
    lines = ['| ' + ' | '.join(row) + ' |' for row in (header, *rows)]
    return [lines[0], '|---' * len(header) + '|', *lines[1:]]


_Show = Callable[[Cell, str], str]


def _losses_by_lists(cells: Cells, scores: Sequence[str], rows: Mapping[str, _Show]) -> Table:
    """Return the columns of each label list, and for each loss the rows that have content.

    Args:
        cells: Cells of the table.
        scores: Scores of a label list, a column each.
        rows: What a row shows of a cell and a score, by the title of the row; ``{}`` is the loss.
    """
    losses, lists = losses_and_lists(cells)
    columns = [(labels, score) for labels in lists for score in scores]
    several = len(scores) > 1
    titles = (f'{labels}: {score}' if several else labels for labels, score in columns)
    table = [['loss', *map(markdown_text, titles)]]
    for loss in losses:
        for title, show in rows.items():
            texts = [
                show(cells[loss, labels], score) if (loss, labels) in cells else ''
                for labels, score in columns
            ]
            if any(texts):
                table.append([markdown_text(title.format(loss)), *texts])
    return table


def _value(cell: Cell, score: str, n: bool) -> str:
    return mean_and_deviation(cell.values(score), n=n)


def show_estimate(
    estimate: Estimate | None, sign: str = '', digits: int = 2, unit: str = ''
) -> str:
    """Return a value with its interval, or nothing for None.

    >>> show_estimate((1.5, -0.25, 3.0), sign='+', digits=1)
    '+1.5 [-0.2, +3.0]'
    """
    if estimate is None:
        return ''
    value, low, high = (f'{number:{sign}.{digits}f}' for number in estimate)
    return f'{value}{unit} [{low}, {high}]'


def _best(cell: Cell, score: str) -> str:
    published = score == 'mAP' and any(run.published for run in cell.runs)
    return f'{cell.mean("best"):.2f}' if published else ''


def _published(cell: Cell, score: str) -> str:
    figure = cell.published
    return show_published(figure) if figure and score != 'OF1' else ''


def _percent(value: float) -> str:
    return f'{value:.0f} %'
