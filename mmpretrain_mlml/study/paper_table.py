"""The paper's table from the results of runs: losses by label lists, mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, stdev

from matplotlib.figure import Figure

from .published import Published
from .results import LISTS, Result

Cells = dict[tuple[str, str], list[Result]]


def by_setting(results: Iterable[Result]) -> dict[str, Cells]:
    """Complete runs by setting, then by loss and label list.

    Where runs of one setting differ in their recipe, the fingerprint tells the tables apart.

    Raises:
        ValueError: Two runs of a cell have the same seed, so that they would count twice.
    """
    complete = [result for result in results if result.complete]
    recipes: dict[str, set[str]] = {}
    for result in complete:
        recipes.setdefault(result.setting, set()).add(result.recipe)
    tables: dict[str, Cells] = {}
    for result in complete:
        several = len(recipes[result.setting]) > 1
        title = result.setting + (f', recipe {result.recipe}' if several else '')
        cell = tables.setdefault(title, {}).setdefault((result.loss, result.labels), [])
        twins = [other.folder for other in cell if other.seed == result.seed]
        if twins:
            raise ValueError(
                f'{twins[0]} and {result.folder} are the same run: {result.loss}, {result.labels}, '
                f'seed {result.seed}. Leave one out'
            )
        cell.append(result)
    return tables


def markdown(results: Sequence[Result], score: str = 'best') -> str:
    """The tables of all settings, with the paper's figures where they are comparable.

    Args:
        results: Of all runs; incomplete ones are named below the tables, and count in none.
        score: ``'best'`` or ``'last'``.
    """
    lines = []
    for setting, cells in sorted(by_setting(results).items()):
        lists = _ordered({labels for _, labels in cells})
        lines += [
            f'### {setting}',
            '',
            f'mAP, {_meaning(score)}; mean ± standard deviation over n seeds',
            '',
            '| loss | ' + ' | '.join(lists) + ' |',
            '|---' * (len(lists) + 1) + '|',
        ]
        for loss in sorted({loss for loss, _ in cells}):
            row = [_cell(cells.get((loss, labels)), score) for labels in lists]
            lines.append(f'| {loss} | ' + ' | '.join(row) + ' |')
            published = [_paper(cells.get((loss, labels))) for labels in lists]
            if any(published):
                lines.append(f'| {loss} in the paper | ' + ' | '.join(map(str, published)) + ' |')
        lines.append('')
    unfinished = [result for result in results if not result.complete]
    if unfinished:
        lines += ['Not counted, since unfinished:', '']
        lines += [f'- {r.folder}: {r.reached} of {r.planned}' for r in unfinished]
        lines.append('')
    return '\n'.join(lines)


def draw_results(results: Sequence[Result], path: Path, score: str = 'best') -> None:
    """Draws the tables: a panel a setting, a line a loss over the label lists, published ones dashed.

    Raises:
        ValueError: No run is complete.
    """
    tables = by_setting(results)
    if not tables:
        raise ValueError('no complete run to draw')
    figure = Figure(figsize=(6.5, 3.8 * len(tables)), layout='constrained')
    for panel, (setting, cells) in zip(
        figure.subplots(len(tables), squeeze=False)[:, 0], sorted(tables.items())
    ):
        lists = _ordered({labels for _, labels in cells})
        for number, loss in enumerate(sorted({loss for loss, _ in cells})):
            colour = f'C{number}'
            spot = [(i, cells[loss, name]) for i, name in enumerate(lists) if (loss, name) in cells]
            values = [[getattr(run, score) for run in runs] for _, runs in spot]
            panel.errorbar(
                [i for i, _ in spot],
                [mean(v) for v in values],
                yerr=[stdev(v) if len(v) > 1 else 0 for v in values],
                color=colour,
                marker='o',
                capsize=3,
                label=f'{loss} (n = {", ".join(str(len(v)) for v in values)})',
            )
            known = [(i, _paper(cells.get((loss, name)))) for i, name in enumerate(lists)]
            known = [(i, paper.map) for i, paper in known if paper]
            if known:
                panel.plot(*zip(*known), color=colour, linestyle='--', marker='x', alpha=0.6,
                           label=f'{loss} in the paper')  # fmt: skip
        panel.set(title=setting, ylabel=f'mAP, {_meaning(score)}', xlabel='labels')
        panel.set_xticks(range(len(lists)), lists)
        panel.grid(alpha=0.3)
        panel.legend(fontsize='small')
    figure.savefig(path, dpi=130)


def _meaning(score: str) -> str:
    return {'best': 'best epoch, raw or averaged', 'last': 'last epoch'}[score]


def _cell(runs: Sequence[Result] | None, score: str) -> str:
    if not runs:
        return ''
    values = [getattr(run, score) for run in runs]
    spread = f' ± {stdev(values):.2f}' if len(values) > 1 else ''
    return f'{mean(values):.2f}{spread} (n = {len(values)})'


def _paper(runs: Sequence[Result] | None) -> Published | str:
    return (runs[0].published if runs else None) or ''


def _ordered(labels: set[str]) -> list[str]:
    return [name for name in LISTS if name in labels] + sorted(labels - set(LISTS))
