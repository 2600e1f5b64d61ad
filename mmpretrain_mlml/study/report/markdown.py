"""Reports in Markdown: of a study, and of any runs in the form of the paper's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..comparison.bootstrap import RESAMPLES
from ..comparison.cells import Cells, group_by_setting
from ..records.run_record import RunRecord
from .tables import markdown_lines, markdown_text, paper_table, study_table

SCORE_TITLES = {'best': 'best epoch, raw or averaged', 'last': 'last epoch'}


def study_markdown(
    name: str, tables: Mapping[str, Cells], reference: str | None, missing: Mapping[str, str]
) -> str:
    """Return the report of a study.

    Args:
        name: Name of the study.
        tables: Cells of each table, by its title.
        reference: Loss that the others are compared with, if any.
        missing: Reason why a run is not counted, by the name of the run.
    """
    counted = sum(len(cell.runs) for cells in tables.values() for cell in cells.values())
    lines = [f'# {markdown_text(name)}', '']
    if missing:
        planned = counted + len(missing)
        lines += [f'**Partial: {counted} of {planned} runs.** The others are named below.', '']
    for title, cells in tables.items():
        lines += [f'## {markdown_text(title)}', ''] if title else []
        settings = sorted({run.setting for cell in cells.values() for run in cell.runs})
        lines += [
            f'{markdown_text("; ".join(settings))}. Scores in percent, of the last epoch.',
            '',
        ]
        lines += [*markdown_lines(study_table(cells, reference)), '']
    lines += [_notes(tables, reference), '']
    if missing:
        lines += [
            'Not counted:',
            '',
            *(markdown_item(run, why) for run, why in missing.items()),
            '',
        ]
    return '\n'.join(lines)


def paper_markdown(records: Sequence[RunRecord], score: str = 'best') -> str:
    """Return a table for each setting, with the paper's figures where they are comparable.

    Args:
        records: All runs. Runs that are not finished are named below the tables and not counted.
        score: ``'best'`` or ``'last'`` epoch.

    Raises:
        ValueError: If two runs have the same loss, labels and seed.
    """
    lines = []
    for setting, cells in group_by_setting(records).items():
        lines += [
            f'### {markdown_text(setting)}',
            '',
            f'mAP, {SCORE_TITLES[score]}; mean ± standard deviation over n seeds',
            '',
            *markdown_lines(paper_table(cells, score)),
            '',
        ]
    unfinished = [record for record in records if not record.complete]
    if unfinished:
        lines += ['Not counted, since unfinished:', '']
        lines += [markdown_item(r.folder, f'{r.reached} of {r.planned}') for r in unfinished]
        lines.append('')
    return '\n'.join(lines)


def markdown_item(name: object, text: object) -> str:
    """Return an item of a list: a name, and what is said of it."""
    return f'- {markdown_text(name)}: {markdown_text(text)}'


def _notes(tables: Mapping[str, Cells], reference: str | None) -> str:
    cells = [cell for table in tables.values() for cell in table.values()]
    notes = []
    if any(len(cell.runs) > 1 for cell in cells):
        notes.append('±: standard deviation over n seeds.')
    else:
        notes.append('One seed each: how far another seed would move a score is not known.')
    if any(cell.differences for cell in cells):
        notes.append(
            'In brackets: 95 % percentile interval of the difference to '
            f'{markdown_text(reference)} (paired, mean over seeds), and of the share of the gap '
            'between it and itself on full labels, over '
            f'{RESAMPLES:,} resamples of the validation images.'
        )
    if any(run.published for cell in cells for run in cell.runs):
        notes.append('The paper counts the best epoch, of the raw or the averaged weights.')
    else:
        notes.append(
            'No figure of the paper is shown: none of these runs is its recipe on its data, so they '
            'are not comparable.'
        )
    return ' '.join(notes)
