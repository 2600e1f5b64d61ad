"""OF1 of finished runs at another threshold than 0.5, one for all classes.

python benchmarks/thresholds.py FOLDER ... [--out thresholds.json]

A folder is one of a study's runs, or a whole study. "tuned": the threshold that is best on one half of
the validation images, applied to the other half, and the reverse; "chosen" are the two.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.evaluation.predictions import Predictions
from mmpretrain_mlml.study.runs import PREDICTIONS, read_note


def best_threshold(scores: np.ndarray, targets: np.ndarray) -> float:
    """Where OF1 is highest; an entry counts as found above it.

    Args:
        scores: Probabilities, (N, C).
        targets: 1 present, 0 absent, (N, C).
    """
    order = np.argsort(-scores, axis=None)
    ranked, right = scores.ravel()[order], np.cumsum(targets.ravel()[order] == 1)
    of1 = 2 * right / (np.arange(1, right.size + 1) + right[-1])
    of1[:-1][ranked[:-1] == ranked[1:]] = 0  # no threshold lies between equals
    return float(np.append(ranked, -np.inf)[of1.argmax() + 1])


def tuned(found: Predictions) -> tuple[np.ndarray, list[float]]:
    """Probabilities moved so that 0.5 is the threshold of the other half, and both thresholds."""
    halves = np.array_split(np.random.default_rng(0).permutation(len(found.names)), 2)
    moved, chosen = np.empty_like(found.scores), []
    for half, other in (halves, halves[::-1]):
        chosen.append(best_threshold(found.scores[other], found.targets[other]))
        moved[half] = found.scores[half] > chosen[-1]
    return moved, chosen


def finished(folders: Iterable[Path]) -> list[Path]:
    """The folders of finished runs in or below the given ones."""
    notes = sorted({note.parent for folder in folders for note in folder.glob('**/run.json')})
    return [folder for folder in notes if read_note(folder)['finished']]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folders', type=Path, nargs='+', metavar='FOLDER')
    parser.add_argument('--out', type=Path, help='JSON file of all figures')
    args = parser.parse_args()
    runs = finished(args.folders)
    if not runs:
        raise SystemExit(
            f'error: no finished run of a study in {", ".join(map(str, args.folders))}'
        )
    rows = []
    for folder in runs:
        found = Predictions.load(folder / PREDICTIONS)
        plain = multi_label_scores(found.scores, found.targets).summary
        moved, chosen = tuned(found)
        after = multi_label_scores(moved, found.targets).summary
        rows.append(
            {
                'run': '/'.join(folder.resolve().parts[-2:]),
                'mAP': plain['mAP'],
                'OF1': plain['OF1'],
                'OF1 tuned': after['OF1'],
                'chosen': chosen,
            }
        )
    table = Table('run', title='percent')
    for name in ('mAP', 'OF1', 'OF1 tuned', 'chosen'):
        table.add_column(name, justify='right')
    for row in rows:
        scores = (f'{row[name]:.2f}' for name in ('mAP', 'OF1', 'OF1 tuned'))
        table.add_row(row['run'], *scores, ' '.join(f'{t:.3f}' for t in row['chosen']))
    Console().print(table)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
