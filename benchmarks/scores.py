"""Time and memory of MultiLabelScores, beside scikit-learn and torchmetrics.

python benchmarks/scores.py [--out scores.json] [--repeats 5] [--quick]

Time is CPU time on one thread. "all scores" is what a validation does, from samples to summary: every
batch is collected, then all scores are computed. scikit-learn's ``average_precision_score`` computes
the mAP alone, from arrays; torchmetrics' ``MultilabelAveragePrecision`` collects the same batches and
computes the mAP, too. They alternate; the ratio is the median of those of neighbouring runs.
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
from typing import Any

import numpy as np
import torch
from comparisons import compare
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score
from torchmetrics.classification import MultilabelAveragePrecision

from mmpretrain_mlml import MultiLabelScores
from mmpretrain_mlml.evaluation import multi_label_scores

SHAPES = (40137, 80), (20000, 600)
MEMORY = (25000, 9605)  # beside which everything else is small
BATCH = 64
POSITIVE = 0.036  # share of the entries, as in COCO
OURS, ARRAYS = 'all scores, from samples', 'all scores, from arrays'
SKLEARN, TORCHMETRICS = 'scikit-learn, mAP from arrays', 'torchmetrics, mAP from samples'


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


def mean_average_precision(batches: list[list[dict]]) -> float:
    """Return the mAP that torchmetrics computes."""
    metric = MultilabelAveragePrecision(len(batches[0][0]['gt_score']), validate_args=False)
    for batch in batches:
        metric.update(
            torch.stack([sample['pred_score'] for sample in batch]),
            torch.stack([sample['gt_score'] for sample in batch]).long(),
        )
    return float(metric.compute())


def times(shape: tuple[int, int], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each run."""
    scores, targets = make(shape)
    batches, arrays = samples(scores, targets), (scores.numpy(), targets.numpy().astype(np.int8))
    runs = {
        OURS: lambda: validate(batches),
        ARRAYS: lambda: multi_label_scores(*arrays),
        SKLEARN: lambda: average_precision_score(arrays[1], arrays[0]),
        TORCHMETRICS: lambda: mean_average_precision(batches),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats):
        for name in sorted(runs, reverse=bool(repeat % 2)):  # neither gains by its place
            start = process_time()
            runs[name]()
            seconds[name].append(process_time() - start)
    return seconds


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


def comparisons(shape: tuple[int, int], seconds: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Return the package's times beside those of its peers."""
    size = ' of {:,} x {}'.format(*shape)
    pairs = (OURS, SKLEARN), (ARRAYS, SKLEARN), (OURS, TORCHMETRICS)
    return [compare(own + size, peer, seconds[own], seconds[peer]) for own, peer in pairs]


def main() -> None:
    """Measure and print; write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--quick', action='store_true', help='3 repeats, no memory')
    parser.add_argument('--shape', type=int, nargs=2, help='measure the memory of one shape only')
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.shape:
        print(peak(tuple(args.shape)))
        return
    result: dict[str, Any] = {'seconds': {}, 'memory': {}, 'comparisons': []}
    table = Table('scores', 'peer', 'seconds', 'times as fast', 'quartiles')
    for shape in SHAPES:
        seconds = times(shape, 3 if args.quick else args.repeats)
        result['seconds'][str(shape)] = {name: median(values) for name, values in seconds.items()}
        for row in comparisons(shape, seconds):
            result['comparisons'].append(row)
            own = median(seconds[row['what'].split(' of ')[0]])
            cells = f'{own:.3f}', f'{row["speed"]:.2f}', f'{row["low"]:.2f} to {row["high"]:.2f}'
            table.add_row(row['what'], row['peer'], *cells)
    Console().print(table)
    for shape in () if args.quick else (*SHAPES, MEMORY):
        command = [sys.executable, __file__, '--shape', *map(str, shape)]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        result['memory'][str(shape)] = float(shown.split()[-1])
        print(f'{shape}: {result["memory"][str(shape)]:.2f} times the score matrix')
    if args.out:
        args.out.write_text(json.dumps(result, indent=2) + '\n')


if __name__ == '__main__':
    main()
