"""How time and memory grow with classes, images and processes, with the expected exponents.

python benchmarks/growth.py [--out growth.json] [--figure growth.png] [--quick]

Losses (forward and backward of 64 images), scores, the start with a table of tags (parsed, and from
its cache) and what gloo processes do to score together. Time is CPU time on one thread, the median of
a few runs, and for processes that of all of them. Memory is the highest resident set less what the
imports take. An exponent is the slope of the logarithms over the upper half of the sizes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from time import process_time

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scores import make, samples
from tag_tables import write_table

from mmpretrain_mlml import SPLC, Hill, MultiLabelScores
from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.losses.protocols import set_epoch

BATCH = 64
CLASSES = [80, 400, 2000, 9605, 20000]
PROCESSES = [1, 2, 4, 8]
TABLES = [10**4, 10**5, 10**6, 10**7]
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Curve:
    """A quantity by a size.

    Attributes:
        name: What grows.
        by: What it grows with.
        unit: Unit of the quantity.
        expected: Exponent that is expected.
        sizes: Sizes.
        quick: Number of sizes that are measured in a hurry; none where other processes are needed.
        measure: Function from a size to the quantity.
    """

    name: str
    by: str
    unit: str
    expected: float
    sizes: list[int]
    quick: int
    measure: Callable[[int], float]

    def run(self, quick: bool) -> dict:
        """Measure and return all that is known."""
        sizes = self.sizes[: self.quick] if quick else self.sizes
        values = [self.measure(size) for size in track(sizes, f'{self.name} by {self.by}')]
        half = slice(len(sizes) // 2 - 1 if len(sizes) > 3 else 0, None)
        slope, _ = np.polyfit(np.log(sizes[half]), np.log(np.maximum(values[half], 1e-9)), 1)
        return {
            'by': self.by, 'unit': self.unit, 'sizes': sizes, 'values': values,
            'expected': self.expected, 'exponent': float(slope),
        }  # fmt: skip


def loss_time(loss: torch.nn.Module) -> Callable[[int], float]:
    """Return a function from a number of classes to the seconds of a step of a loss."""
    set_epoch(loss, 5, 31)

    def seconds(classes: int) -> float:
        logits = torch.randn(BATCH, classes, requires_grad=True)
        target = (torch.rand(BATCH, classes) < 0.03).float()
        times = []
        for _ in range(2 + 400_000 // classes):
            logits.grad = None
            start = process_time()
            loss(logits, target).backward()
            times.append(process_time() - start)
        return median(times)

    return seconds


def score_time(images: int, classes: int) -> float:
    """Return the seconds in which arrays are scored."""
    scores, targets = (array.numpy() for array in make((images, classes)))
    targets = targets.astype(np.int8)
    times = []
    for _ in range(3 if images * classes < 10**7 else 1):
        start = process_time()
        multi_label_scores(scores, targets)
        times.append(process_time() - start)
    return median(times)


@cache
def starts(images: int) -> tuple[float, float]:
    """Return the seconds in which a table is opened, parsed and from its cache."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / 'tags.csv'
        write_table(table, images)
        script = HERE / 'tag_tables.py'
        opened = [
            json.loads(_run(script, '--table', table, '--stage', stage))
            for stage in ('first', 'second')
        ]
    return opened[0]['cpu_seconds'], opened[1]['cpu_seconds']


def score_memory(images: int) -> float:
    """Return the highest resident set of a validation, in MiB, beside what was there before."""
    shape = images, 80
    return float(_run(HERE / 'scores.py', '--shape', *shape)) * 4 * images * 80 / 2**20


def process_seconds(images: int, processes: int) -> float:
    """Return the CPU seconds of all processes that score images together."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            __file__,
            '--processes',
            str(processes),
            '--meet',
            f'{folder}/meet',
        ]
        ranks = [
            subprocess.Popen([*command, '--rank', str(rank), '--images', str(images)], stdout=-1)
            for rank in range(processes)
        ]
        return sum(float(rank.communicate()[0].split()[-1]) for rank in ranks)


def score_together(rank: int, processes: int, images: int, meet: str) -> float:
    """Return the CPU seconds of one of several processes, from its samples to the scores."""
    os.environ['MASTER_ADDR'] = 'localhost'
    torch.distributed.init_process_group('gloo', f'file://{meet}', rank=rank, world_size=processes)
    scores, targets = make((images, 80))
    batches = samples(scores[rank::processes], targets[rank::processes])
    torch.distributed.barrier()
    start = process_time()
    metric = MultiLabelScores()
    for batch in batches:
        metric.process(None, batch)
    metric.evaluate(images)
    return process_time() - start


CURVES = [
    Curve('Hill', 'classes', 's', 1, CLASSES, 5, loss_time(Hill())),
    Curve('SPLC', 'classes', 's', 1, CLASSES, 5, loss_time(SPLC())),
    Curve('scores of 2,000 images', 'classes', 's', 1, CLASSES, 4, lambda c: score_time(2000, c)),
    Curve(
        'scores of 80 classes', 'images', 's', 1, [10**4, 31_623, 10**5, 316_228, 10**6], 3,
        lambda n: score_time(n, 80),
    ),
    Curve(
        'memory of a validation', 'images', 'MiB', 1, [10**5, 316_228, 10**6], 0, score_memory
    ),
    Curve('first start', 'images', 's', 1, TABLES, 0, lambda n: starts(n)[0]),
    Curve('start from the cache', 'images', 's', 0, TABLES, 0, lambda n: starts(n)[1]),
    Curve(
        'scores of 40,000 images together', 'processes', 's', 0, PROCESSES, 0,
        lambda n: process_seconds(40_000, n),
    ),
]  # fmt: skip


def _run(script: Path, *args: object) -> str:
    """Run a script of this folder; return the last line that it prints."""
    command = [sys.executable, str(script), *map(str, args)]
    shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return shown.splitlines()[-1]


def draw(results: dict[str, dict], path: Path) -> None:
    """Draw each curve over its size, and a line of the expected slope through its last point."""
    from matplotlib.figure import Figure

    sizes_by = list(dict.fromkeys(row['by'] for row in results.values()))
    figure = Figure((1 + 3.6 * len(sizes_by), 3.6), layout='constrained')
    panels = dict(zip(sizes_by, figure.subplots(1, len(sizes_by), squeeze=False)[0]))
    for name, row in results.items():
        panel = panels[row['by']]
        sizes, values = np.array(row['sizes']), np.array(row['values'])
        label = f'{name}, {row["unit"]}: {row["exponent"]:.2f} (expected {row["expected"]:g})'
        (line,) = panel.plot(sizes, values, 'o-', label=label)
        slope = values[-1] * (sizes / sizes[-1]) ** row['expected']
        panel.plot(sizes, slope, ':', color=line.get_color(), lw=1)
    for by, panel in panels.items():
        panel.set(xscale='log', yscale='log', xlabel=by)
        low, high = panel.get_ylim()
        if high < 10 * low:
            panel.set_ylim(low / 3, 3 * high)
        if by == 'processes':
            panel.set_xticks(PROCESSES, map(str, PROCESSES))
            panel.minorticks_off()
        panel.grid(alpha=0.3)
        panel.legend(fontsize=7, loc='lower left', bbox_to_anchor=(0, 1), frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure and print; write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    parser.add_argument('--figure', type=Path, help='PNG file')
    parser.add_argument('--data', type=Path, help='report this earlier --out file')
    parser.add_argument('--quick', action='store_true', help='what takes ten seconds')
    for name, kind in {'processes': int, 'rank': int, 'images': int, 'meet': str}.items():
        parser.add_argument(f'--{name}', type=kind, help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.processes:
        print(score_together(args.rank, args.processes, args.images, args.meet))
        return
    if args.data:
        results = json.loads(args.data.read_text())['curves']
    else:
        results = {
            curve.name: curve.run(args.quick) for curve in CURVES if curve.quick or not args.quick
        }
    table = Table('', 'by', 'sizes', 'measured', 'exponent', 'expected')
    for name, row in results.items():
        sizes = f'{row["sizes"][0]:,} to {row["sizes"][-1]:,}'
        values = f'{row["values"][0]:.3g} to {row["values"][-1]:.3g} {row["unit"]}'
        table.add_row(
            name, row['by'], sizes, values, f'{row["exponent"]:.2f}', f'{row["expected"]:g}'
        )
    Console().print(table)
    if args.out:
        args.out.write_text(json.dumps({'curves': results}, indent=1) + '\n')
    if args.figure:
        draw(results, args.figure)


if __name__ == '__main__':
    main()
