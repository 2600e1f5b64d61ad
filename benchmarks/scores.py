"""Time and memory of MultiLabelScores, beside scikit-learn's average precision.

python benchmarks/scores.py [--out scores.json] [--repeats 5]

Time is CPU time on one thread. "all scores" is what a validation does, from samples to summary: every
batch is collected, then all scores are computed. scikit-learn's ``average_precision_score`` computes
the mAP alone, from arrays. The two alternate; the ratio is the median of those of neighbouring runs.
Memory is the peak of the resident set during a validation, in a process of its own, as a multiple of
the score matrix in single precision.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score

from mmpretrain_mlml import MultiLabelScores
from mmpretrain_mlml.evaluation import multi_label_scores

SHAPES = (40137, 80), (20000, 600)
MEMORY = (25000, 9605)  # beside which everything else is small
BATCH = 64
POSITIVE = 0.036  # share of the entries, as in COCO


def make(shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return scores and targets of a model that is right more often than not."""
    random = torch.Generator().manual_seed(0)
    targets = (torch.rand(shape, generator=random) < POSITIVE).float()
    noise = torch.randn(shape, generator=random)
    return noise.add_(targets, alpha=2).sub_(3).sigmoid_(), targets


def samples(scores: torch.Tensor, targets: torch.Tensor) -> list[list[dict]]:
    """Return batches as an evaluator hands them over."""
    rows = [
        {'pred_score': score, 'gt_score': target, 'img_path': f'val2014/{index:012}.jpg'}
        for index, (score, target) in enumerate(zip(scores, targets))
    ]
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def validate(batches: list[list[dict]]) -> dict[str, float]:
    """Return the scores of a validation."""
    metric = MultiLabelScores()
    for batch in batches:
        metric.process(None, batch)
    return metric.evaluate(sum(map(len, batches)))


def times(shape: tuple[int, int], repeats: int) -> dict[str, float]:
    """Return the median seconds of each, and the median ratios to scikit-learn."""
    scores, targets = make(shape)
    batches, arrays = samples(scores, targets), (scores.numpy(), targets.numpy().astype(np.int8))
    runs = {
        'all scores': lambda: validate(batches),
        'from arrays': lambda: multi_label_scores(*arrays),
        'scikit-learn': lambda: average_precision_score(arrays[1], arrays[0]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats):
        for name in sorted(runs, reverse=bool(repeat % 2)):  # neither gains by its place
            start = process_time()
            runs[name]()
            seconds[name].append(process_time() - start)
    result = {name: median(values) for name, values in seconds.items()}
    for name in ('all scores', 'from arrays'):
        pairs = zip(seconds[name], seconds['scikit-learn'])
        result[f'{name} / scikit-learn'] = median(ours / theirs for ours, theirs in pairs)
    return result


def peak(shape: tuple[int, int]) -> float:
    """Return the peak memory of a validation in this process, as a multiple of the score matrix."""
    metric = MultiLabelScores()
    images, classes = shape
    validate(samples(*make((BATCH, classes))))  # imports and first allocations
    Path('/proc/self/clear_refs').write_text('5')
    before = _resident()
    for start in range(0, images, BATCH):
        (batch,) = samples(*make((min(BATCH, images - start), classes)))
        metric.process(None, batch)
    metric.evaluate(images)
    return (_resident() - before) / (4 * images * classes)


def _resident() -> int:
    status = Path('/proc/self/status').read_text()
    return 1024 * int(status.split('VmHWM:')[1].split()[0])


def main() -> None:
    """Measure and print; write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--shape', type=int, nargs=2, help='measure the memory of one shape only')
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.shape:
        print(peak(tuple(args.shape)))
        return
    results = {str(shape): times(shape, args.repeats) for shape in SHAPES}
    for shape in (*SHAPES, MEMORY):
        command = [sys.executable, __file__, '--shape', *map(str, shape)]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        results.setdefault(str(shape), {})['memory'] = float(shown.split()[-1])
    table = Table('', *results, title='seconds; memory as a multiple of the score matrix')
    for name in results[str(SHAPES[0])]:
        cells = (f'{row[name]:.3f}' if name in row else '' for row in results.values())
        table.add_row(name, *cells)
    Console().print(table)
    if args.out:
        args.out.write_text(json.dumps(results, indent=2))


if __name__ == '__main__':
    main()
