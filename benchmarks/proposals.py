"""Time and memory of proposals for a large training set, whose labels are never a dense matrix.

python benchmarks/proposals.py [--images 1000000] [--classes 600] [--limit 100000]

Probabilities are drawn, most of them near 0, and each image has two observed positives. Time is CPU
time on one thread; the peak of the resident set contains the probabilities and the libraries.
"""

import argparse
import resource
from time import process_time

import numpy as np

from mmpretrain_mlml.audit import propose
from mmpretrain_mlml.labels import LabelTable, TextArray

ROWS = 10_000  # that are drawn together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=int, default=1_000_000)
    parser.add_argument('--classes', type=int, default=600)
    parser.add_argument('--limit', type=int, default=100_000, help='number of proposals')
    args = parser.parse_args()
    probabilities, table = make(args.images, args.classes)
    print(f'probabilities: {probabilities.nbytes / 2**30:.2f} GiB, peak {peak():.2f} GiB')
    start = process_time()
    found = propose(probabilities, table, args.limit)
    print(f'{len(found)} proposals: {process_time() - start:.1f} s, peak {peak():.2f} GiB')


def make(images: int, classes: int) -> tuple[np.ndarray, LabelTable]:
    """Return probabilities, (N, C) float32, and labels."""
    random = np.random.default_rng(0)
    probabilities = np.empty((images, classes), np.float32)
    for start in range(0, images, ROWS):
        rows = probabilities[start : start + ROWS]
        rows[:] = random.random(rows.shape, np.float32) ** 8
    half = classes // 2
    first = random.integers(0, half, images, dtype=np.int32)
    second = random.integers(half, classes, images, dtype=np.int32)
    table = LabelTable(
        TextArray.from_strings([str(image) for image in range(images)]),
        tuple(map(str, range(classes))),
        np.arange(0, 2 * images + 1, 2),
        np.stack([first, second], 1).ravel(),
        np.ones(2 * images, np.int8),
        -1,
    )
    return probabilities, table


def peak() -> float:
    """Return the greatest size of the resident set so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == '__main__':
    main()
