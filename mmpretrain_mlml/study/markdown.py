"""The table of a study: losses by label lists, with the differences to the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import mean

from .bootstrap import RESAMPLES
from .comparison import SCORES, Cell, Cells, Estimate
from .results import LISTS


def study_markdown(
    name: str, tables: Mapping[str, Cells], reference: str | None, missing: Mapping[str, str]
) -> str:
    """The whole report in words and figures.

    Args:
        name: Of the study.
        tables: Cells by the name of the table.
        reference: The loss that others are compared with, if any.
        missing: Why each run that is not counted is not, by name.
    """
    counted = sum(len(cell.runs) for cells in tables.values() for cell in cells.values())
    lines = [f'# {name}', '']
    if missing:
        whole = counted + len(missing)
        lines += [f'**Partial: {counted} of {whole} runs.** The others are named below.', '']
    for title, cells in tables.items():
        lines += [f'## {title}', ''] if title else []
        settings = sorted({run.result.setting for cell in cells.values() for run in cell.runs})
        lines += [f'{"; ".join(settings)}. Scores in percent, of the last epoch.', '']
        lines += [*_table(cells, reference), '']
    lines += [*_notes(tables, reference), '']
    if missing:
        lines += ['Not counted:', '', *(f'- {run}: {why}' for run, why in missing.items()), '']
    return '\n'.join(lines)


def axes(cells: Cells) -> tuple[list[str], list[str]]:
    """Losses as the study has them, and label lists from most to fewest labels."""
    losses = list(dict.fromkeys(loss for loss, _ in cells))
    named = dict.fromkeys(labels for _, labels in cells)
    return losses, [*(n for n in LISTS if n in named), *(n for n in named if n not in LISTS)]


def _table(cells: Cells, reference: str | None) -> list[str]:
    losses, lists = axes(cells)
    columns = [(labels, score) for labels in lists for score in SCORES]
    lines = [
        '| loss | ' + ' | '.join(f'{labels}: {score}' for labels, score in columns) + ' |',
        '|---' * (len(columns) + 1) + '|',
    ]
    rows: list[tuple[str, Callable[[Cell, str], str]]] = [
        ('{}', _value),
        (f'{{}} - {reference}', lambda cell, score: _estimate(cell.differences.get(score), '+')),
        ('{}, gap closed', lambda cell, score: _estimate(cell.closed.get(score), '', 0, ' %')),
        ('{}, best epoch', _best),
        ('{} in the paper', _paper),
    ]
    for loss in losses:
        for title, show in rows:
            shown = [
                show(cells[loss, labels], score) if (loss, labels) in cells else ''
                for labels, score in columns
            ]
            if any(shown):
                lines.append(f'| {title.format(loss)} | ' + ' | '.join(shown) + ' |')
    return lines


def _value(cell: Cell, score: str) -> str:
    spread = cell.spread(score)
    return f'{cell.mean(score):.2f}' + (
        '' if spread is None else f' ± {spread:.2f} (n = {len(cell.runs)})'
    )


def _estimate(found: Estimate | None, sign: str, digits: int = 2, unit: str = '') -> str:
    if found is None:
        return ''
    value, low, high = (f'{v:{sign}.{digits}f}' for v in (found.value, found.low, found.high))
    return f'{value}{unit} [{low}, {high}]'


def _best(cell: Cell, score: str) -> str:
    if score != 'mAP' or not any(run.result.published for run in cell.runs):
        return ''
    return f'{mean(run.result.best for run in cell.runs):.2f}'


def _paper(cell: Cell, score: str) -> str:
    known = {run.result.published for run in cell.runs}
    return str(known.pop()) if score == 'mAP' and len(known) == 1 and None not in known else ''


def _notes(tables: Mapping[str, Cells], reference: str | None) -> Sequence[str]:
    cells = [cell for table in tables.values() for cell in table.values()]
    notes = []
    if any(len(cell.runs) > 1 for cell in cells):
        notes.append('±: standard deviation over n seeds.')
    else:
        notes.append('One seed each: how far another seed would move a score is not known.')
    if any(cell.differences for cell in cells):
        notes.append(
            f'In brackets: 95 % percentile interval of the difference to {reference} (paired, mean '
            'over seeds), and of the share of the gap between it and itself on full labels, over '
            f'{RESAMPLES:,} resamples of the validation images.'
        )
    if not any(run.result.published for cell in cells for run in cell.runs):
        notes.append(
            'No figure of the paper stands here, for none of these runs is its recipe on its data: '
            'they are not comparable.'
        )
    else:
        notes.append('The paper counts the best epoch, of the raw or the averaged weights.')
    return [' '.join(notes)]
