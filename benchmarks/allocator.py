"""What a training step gains when the allocator keeps the memory that the step before has freed.

python benchmarks/allocator.py [--out allocator.json] [--quick]

MobileNetV2 on 32 images of 128 x 128 pixels, one thread, in processes that alternate: with
``runtime.allocator.keep_freed_memory``, which the tools call, and with glibc as it comes. Time is CPU
time of the steps, without what was before; pages are those that the system hands out meanwhile.
"""

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import torch
from comparisons import compare
from rich.console import Console
from rich.table import Table

from mmpretrain_mlml.runtime.allocator import keep_freed_memory

KEPT, AS_IT_COMES = 'memory kept', 'glibc as it comes'
STEPS = 6


def train(kept: bool) -> dict[str, float]:
    """Return seconds a step, pages a step, and the highest resident set in MiB, of this process."""
    from mmpretrain.models.backbones import MobileNetV2

    if kept and not keep_freed_memory():
        raise SystemExit('error: the memory cannot be kept: not glibc, or MALLOC_* is set')
    torch.set_num_threads(1)
    backbone = MobileNetV2()
    images = torch.randn(32, 3, 128, 128)

    def step() -> None:
        backbone(images)[-1].sum().backward()
        backbone.zero_grad()

    for _ in range(3):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF)
    for _ in range(STEPS):
        step()
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        'seconds': seconds / STEPS,
        'pages': (after.ru_minflt - before.ru_minflt) / STEPS,
        'mib': after.ru_maxrss / 1024,
    }


def main() -> None:
    """Measure and print; write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    parser.add_argument('--quick', action='store_true', help='one pair of processes instead of 5')
    parser.add_argument('--one', choices=(KEPT, AS_IT_COMES), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(train(args.one == KEPT)))
        return
    runs: dict[str, list[dict[str, float]]] = {KEPT: [], AS_IT_COMES: []}
    for number in range(1 if args.quick else 5):
        for name in sorted(runs, reverse=bool(number % 2)):  # neither gains by its place
            command = [sys.executable, '-W', 'ignore', __file__, '--one', name]
            shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            runs[name].append(json.loads(shown.splitlines()[-1]))
    table = Table('', 'CPU seconds a step', 'pages a step', 'highest resident set, MiB')
    result: dict[str, Any] = {}
    for name, rows in runs.items():
        result[name] = {key: median(row[key] for row in rows) for key in rows[0]}
        row = result[name]
        table.add_row(name, f'{row["seconds"]:.3f}', f'{row["pages"]:,.0f}', f'{row["mib"]:.0f}')
    own, other = ([row['seconds'] for row in rows] for rows in runs.values())
    result['comparisons'] = [compare('a step, memory kept', 'glibc as it comes', own, other)]
    Console().print(table)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + '\n')


if __name__ == '__main__':
    main()
