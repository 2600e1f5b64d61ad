"""OF1 of finished runs at a tuned threshold, one for all classes, beside OF1 at 0.5.

Shows how much of a loss's gain in OF1 is calibration: with a tuned threshold most of it is gone.
Makes the figures in brackets in docs/results.md, and the data files of all studies there.

    python experiments/thresholds.py work_dirs/photos --out docs/results/photos.json

STUDY is the work directory of a study. The threshold that is best on one half of the validation
images is applied to the other half, and the reverse. The data file holds these figures and the part of
the study's report that its table needs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from mmpretrain_mlml.evaluation import Predictions, multi_label_scores

BY_CLASS = 'class_gains', 'class_gain_intervals'  # in the report of the study, too long here
SCORES = ('mAP', 'OF1', 'OF1 tuned')
CURVES = ('epoch', 'share', 'precision', 'recall')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('study', type=Path, metavar='STUDY', help='such as work_dirs/photos')
    parser.add_argument('--out', type=Path, help='JSON file for all figures')
    args = parser.parse_args()
    runs = finished_runs(args.study)
    if not runs:
        raise SystemExit(f'error: expected finished runs of a study in {args.study}, got none')
    rows = [evaluate(run) for run in runs]
    table = Table('run', title='percent')
    for name in (*SCORES, 'thresholds'):
        table.add_column(name, justify='right')
    for row in rows:
        scores = (f'{row[name]:.2f}' for name in SCORES)
        table.add_row(row['run'], *scores, ' '.join(f'{t:.3f}' for t in row['thresholds']))
    Console().print(table)
    if args.out:
        report = json.loads((args.study / 'report/results.json').read_text())
        write(shorten(report) | {'thresholds': rows}, args.out)


def finished_runs(study: Path) -> list[Path]:
    """Return the work directories of the finished runs of a study."""
    notes = sorted(study.glob('*/run.json'))
    return [note.parent for note in notes if json.loads(note.read_text())['finished']]


def evaluate(run: Path) -> dict[str, Any]:
    """Return the scores of a run at 0.5 and at the tuned thresholds."""
    predictions = Predictions.load(run / 'predictions.npz')
    scores, targets = predictions.scores, predictions.targets
    plain = multi_label_scores(scores, targets).summary
    decisions, thresholds = decide(scores, targets)
    tuned = multi_label_scores(decisions, targets).summary
    return {
        'run': run.name,
        'mAP': plain['mAP'],
        'OF1': plain['OF1'],
        'OF1 tuned': tuned['OF1'],
        'thresholds': thresholds,
    }


def decide(scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Decide about each half of the images with the best threshold of the other half.

    Args:
        scores: Probabilities, (N, C).
        targets: 1 present, 0 absent, (N, C).

    Returns:
        Decisions of 1 and 0, (N, C), and the thresholds of the two halves.
    """
    halves = np.array_split(np.random.default_rng(0).permutation(len(scores)), 2)
    decisions, thresholds = np.empty_like(scores), []
    for half, other in (halves, halves[::-1]):
        thresholds.append(best_threshold(scores[other], targets[other]))
        decisions[half] = scores[half] > thresholds[-1]
    return decisions, thresholds


def best_threshold(scores: np.ndarray, targets: np.ndarray) -> float:
    """Return the threshold with the highest OF1; entries above it count as present.

    Args:
        scores: Probabilities, (N, C).
        targets: 1 present, 0 absent, (N, C).
    """
    order = np.argsort(-scores, axis=None)
    ranked, hits = scores.ravel()[order], np.cumsum(targets.ravel()[order] == 1)
    of1 = 2 * hits / (np.arange(1, hits.size + 1) + hits[-1])
    of1[:-1][ranked[:-1] == ranked[1:]] = 0  # no threshold separates equal scores
    return float(np.append(ranked, -np.inf)[of1.argmax() + 1])


def shorten(report: dict[str, Any]) -> dict[str, Any]:
    """Return what the tables need of the ``report/results.json`` of a study with one table."""
    (cells,) = report['tables'].values()
    first = report['runs'][0]
    return {
        'study': report['study'],
        'missing': report['missing'],
        'versions': first['versions'],
        'images': first['images'],
        'table': [{k: v for k, v in cell.items() if k not in BY_CLASS} for cell in cells],
        'runs': [
            {
                'run': run['folder'],
                'minutes': round(run['seconds'] / 60, 1),
                'epoch': [row['step'] for row in run['scores']],
                'mAP': [row['multi-label/mAP'] for row in run['scores']],
                'OF1': [row['multi-label/OF1'] for row in run['scores']],
                'recovery': {
                    key: [row.get(key) for row in run['recovery']]
                    for key in (CURVES if run['recovery'] else ())
                },
            }
            for run in report['runs']
        ],
    }


def write(data: dict[str, Any], path: Path) -> None:
    """Write JSON with one line for each run and numbers of three decimals."""
    parts = []
    for key, value in data.items():
        text = json.dumps(_rounded(value))
        if isinstance(value, list):
            text = '[\n' + ',\n'.join(f'  {json.dumps(_rounded(row))}' for row in value) + '\n ]'
        parts.append(f' {json.dumps(key)}: {text}')
    path.write_text('{\n' + ',\n'.join(parts) + '\n}\n')


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


if __name__ == '__main__':
    main()
