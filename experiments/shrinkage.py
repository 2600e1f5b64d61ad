"""Compare thresholds by class with and without shrinkage on simulated scores: docs/thresholds.md.

Probabilities are calibrated but for a random shift of each class, so what differs is noise and shift.
"""

from __future__ import annotations

import argparse

import numpy as np

from mmpretrain_mlml.evaluation import multi_label_scores, tune_thresholds

CLASSES, HELD_OUT = 80, 20_000
RATES = np.exp(-np.linspace(1, 6, CLASSES))


def draw(size: int, shift: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities and labels, (size, C)."""
    random = np.random.default_rng(seed)
    labels = (random.random((size, CLASSES)) < RATES).astype(np.int8)
    evidence = random.normal(0, 1, labels.shape) + 2.5 * labels
    logits = np.log(RATES / (1 - RATES)) + 2.5 * evidence - 2.5**2 / 2 + shift
    return 1 / (1 + np.exp(-logits)), labels


def held_out_f1(size: int, shrinkage: float | None, draws: int) -> float:
    """Return the mean F1 of the classes on held-out images, averaged over draws, in percent."""
    shift = np.random.default_rng(0).normal(0, 0.5, CLASSES)
    test = draw(HELD_OUT, shift, seed=10_000)
    scores = []
    for seed in range(draws):
        found = tune_thresholds(
            *draw(size, shift, seed),
            goal='macro_f1',
            per_class=shrinkage is not None,
            shrinkage=shrinkage or 0.0,
            folds=2,
            bootstrap=1,
        )
        result = multi_label_scores(*test, found.values, empty_classes='skip')
        scores.append(result.summary['CF1_classwise_mean'])
    return float(np.mean(scores))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=int, nargs='+', default=[100, 300, 600, 2000])
    parser.add_argument('--draws', type=int, default=5)
    args = parser.parse_args()
    choices = [None, 0.0, 5.0, 20.0, 200.0]
    print(
        '| labelled images | one for all | by class, no shrinkage | shrinkage 5 | shrinkage 20 | '
        'shrinkage 200 |'
    )
    print('|---|---|---|---|---|---|')
    for size in args.images:
        cells = ' | '.join(f'{held_out_f1(size, one, args.draws):.1f}' for one in choices)
        print(f'| {size:,} | {cells} |')


if __name__ == '__main__':
    main()
