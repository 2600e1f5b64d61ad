"""Report of a comparison of runs: a text, a figure, and a file with all numbers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ...files import atomic_write
from ...visualization.texts import plain
from ..comparison.runs import Comparison, rank_correlation
from .class_figures import draw_gains, draw_gains_by_missing, gains_size
from .comparison_markdown import class_table, comparison_text
from .results_json import class_gains_json, estimates_json
from .tables import markdown_lines

SCATTER = 4.5  # inches, height of the panel of gains against missing labels


def write_comparison(comparison: Comparison, out: str | os.PathLike[str]) -> list[Path]:
    """Write ``OUT.md`` with a table of all classes, ``OUT.json`` and ``OUT.png``.

    Args:
        comparison: Compared runs.
        out: Path without ending. Missing folders are made.

    Raises:
        OSError: If a file cannot be written.
    """
    files = [Path(f'{out}.{ending}') for ending in ('md', 'json', 'png')]
    files[0].parent.mkdir(parents=True, exist_ok=True)
    table = '\n'.join(markdown_lines(class_table(comparison)))
    text = f'# Comparison of runs\n\n{comparison_text(comparison)}\n\n## All classes\n\n{table}\n'
    with atomic_write(files[0], 'w') as file:
        file.write(text)
    with atomic_write(files[1], 'w') as file:
        json.dump(comparison_json(comparison), file, indent=1, allow_nan=False)
    with atomic_write(files[2]) as file:
        draw_comparison(comparison).savefig(file, format='png', dpi=130)
    return files


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Return all numbers of a comparison."""
    missing = comparison.missing
    shares = {} if missing is None else dict(zip(comparison.classes, missing.tolist()))
    return {
        'images': comparison.images,
        'reference': comparison.reference.name,
        'positives': dict(zip(comparison.classes, comparison.positives.tolist())),
        'missing': {name: round(share, 4) for name, share in shares.items() if not np.isnan(share)},
        'missing_in': comparison.missing_in,
        'runs': [
            {
                'name': group.name,
                'paths': [str(run.path) for run in group.runs],
                'scores': dict(group.scores),
                'differences': estimates_json(group.differences),
                'average_precision': {
                    name: round(value, 3)
                    for name, value in zip(comparison.classes, group.precisions.tolist())
                    if not np.isnan(value)
                },
                **class_gains_json(group.gains, comparison.classes),
                'rank_correlation_with_missing': rank_correlation(comparison, group),
            }
            for group in comparison.groups
        ],
    }


def draw_comparison(comparison: Comparison) -> Figure:
    """Draw the gain of each class, and beside it against its missing labels where these are known."""
    gains = {group.name: group.gains for group in comparison.others if group.gains is not None}
    names = [group.name for group in comparison.groups]
    reference, known = comparison.reference.name, comparison.missing is not None
    width, height = gains_size(2 if known else 1, comparison.positives)
    height = max(height, SCATTER)
    figure = Figure(figsize=(width + 2, height), layout='constrained')
    rest = height - SCATTER
    ratios = [SCATTER, rest] if rest else [1]
    places = [['classes', 'missing'], ['classes', '.']][: len(ratios)]
    rows: Any = places if known else [['classes']] * len(ratios)
    axes = figure.subplot_mosaic(rows, height_ratios=ratios)
    classes, positives = comparison.classes, comparison.positives
    draw_gains([axes['classes']], {'': gains}, names, reference, classes, positives)
    if comparison.missing is not None:
        correlations = {
            group.name: rank_correlation(comparison, group) for group in comparison.others
        }
        draw_gains_by_missing(
            axes['missing'], gains, comparison.missing, reference, classes, correlations, names
        )
    figure.suptitle(f'gain over {plain(reference)} (number of positives)', fontsize='medium')
    return figure
