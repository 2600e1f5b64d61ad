"""A comparison of runs in Markdown: its scores, the classes that gain or lose, and a table of all."""

from __future__ import annotations

import numpy as np

from ..comparison.cells import SCORES
from ..comparison.runs import ComparedRuns, Comparison, rank_correlation
from .tables import Table, markdown_lines, markdown_text, show_estimate

LISTED = 10  # classes that are named of those that gain, and of those that lose


def comparison_text(comparison: Comparison) -> str:
    """Return the scores, and the classes that surely gain or lose, in Markdown."""
    rows: Table = [['', *SCORES, *(f'{score}, difference' for score in SCORES)]]
    for group in comparison.groups:
        several = f' (n = {len(group.runs)})' if len(group.runs) > 1 else ''
        rows.append(
            [
                markdown_text(group.name) + several,
                *(f'{group.scores[score]:.2f}' for score in SCORES),
                *(show_estimate(group.differences.get(score), '+') for score in SCORES),
            ]
        )
    reference = markdown_text(comparison.reference.name)
    lines = [*markdown_lines(rows), '', f'{comparison.images:,} images. Differences are to ']
    lines[-1] += f'{reference}; in brackets: 95 % intervals over resampled images.'
    for group in comparison.others:
        lines += ['', *_changes(comparison, group)]
    chance = 0.025 * (comparison.positives > 0).sum()
    lines.append(
        f'Where nothing differs, about {chance:.1f} classes would gain, and as many lose, by chance.'
    )
    return '\n'.join([*lines, '', _about_missing(comparison)])


def class_table(comparison: Comparison) -> Table:
    """Return a row for each class with positives; what gains most in the last run stands first."""
    header = ['class', 'positives', 'missing in training', markdown_text(comparison.reference.name)]
    for group in comparison.others:
        header += [markdown_text(group.name), 'gain']
    last = comparison.others[-1].gains
    assert last is not None
    rows = [header]
    for index in np.argsort(-np.nan_to_num(last.values, nan=-np.inf), kind='stable'):
        if not comparison.positives[index]:
            continue
        row = [
            markdown_text(comparison.classes[index]),
            f'{comparison.positives[index]:,}',
            _share(comparison, index),
            f'{comparison.reference.precisions[index]:.1f}',
        ]
        for group in comparison.others:
            row += [f'{group.precisions[index]:.1f}', _gain(group, index)]
        rows.append(row)
    return rows


def _changes(comparison: Comparison, group: ComparedRuns) -> list[str]:
    gains = group.gains
    assert gains is not None
    occurring = (comparison.positives > 0).sum()
    lines = []
    for side, sign in (('above', 1), ('below', -1)):
        clear = np.flatnonzero(gains.sign == sign)
        clear = clear[np.argsort(-sign * gains.values[clear], kind='stable')]
        named = ', '.join(
            f'{markdown_text(comparison.classes[n])} {_gain(group, n)}' for n in clear[:LISTED]
        )
        more = f' and {len(clear) - LISTED} more' if len(clear) > LISTED else ''
        ending = f': {named}{more}' if len(clear) else ''
        name = f'**{markdown_text(group.name)}, interval {side} 0: '
        lines += [f'{name}{len(clear)} of {occurring} classes**{ending}', '']
    return lines


def _about_missing(comparison: Comparison) -> str:
    if comparison.missing is None:
        return f'How many labels were missing in training is not known: {comparison.missing_in}.'
    parts = []
    for group in comparison.others:
        rank = rank_correlation(comparison, group)
        if rank is not None:
            parts.append(f'{markdown_text(group.name)}: {rank:+.2f}')
    share = 100 * float(np.nanmean(comparison.missing))
    text = f'On average {share:.0f} % of the labels of a class were missing in training'
    text += f' ({markdown_text(comparison.missing_in)}).'
    if parts:
        text += ' Rank correlation of gain and missing share: ' + '; '.join(parts) + '.'
    return text


def _share(comparison: Comparison, index: int) -> str:
    if comparison.missing is None or np.isnan(comparison.missing[index]):
        return '-'
    return f'{100 * comparison.missing[index]:.0f} %'


def _gain(group: ComparedRuns, index: int) -> str:
    assert group.gains is not None
    value, low, high = (
        float(array[index]) for array in (group.gains.values, group.gains.low, group.gains.high)
    )
    return show_estimate((value, low, high), '+', 1)
