"""Time to compare a checkpoint with its checksums, against loading it.

    python benchmarks/checksums.py

Writes a checkpoint of 400 MB into a temporary folder; the two alternate, and the medians are printed.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from mmpretrain_mlml.repairs.checksums import find_damage


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--megabytes', type=int, default=400)
    parser.add_argument('--repeat', type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'checkpoint.pth')
        parts = {f'part {n}': torch.randn(250_000) for n in range(args.megabytes)}  # 1 MB each
        torch.save({'state_dict': parts}, path)
        loading, comparing = [], []
        for _ in range(args.repeat):
            loading.append(seconds(lambda: torch.load(path, weights_only=True)))
            comparing.append(seconds(lambda: find_damage(path)))
    print(f'{args.megabytes} MB: loading {statistics.median(loading):.2f} s, '
          f'checksums {statistics.median(comparing):.2f} s')  # fmt: skip


if __name__ == '__main__':
    main()
