"""Ideas beyond Hill and SPLC on a linear classifier, each tuned over the same small grid.

python benchmarks/beyond.py [--labels 0.4left] [--out beyond.json] [--kept FOLDER] [--only METHOD ...]
    [--rates LR ...]

A grid is the learning rates (3) by at most 3 values of a method's own knob, trained with seed 0. Each
half of the validation photographs chooses the grid point for the other half, once by mAP and once by
OF1; the points chosen are trained with two more seeds. A score is the mean over halves and seeds,
classes without a positive in a half left out. "closed" is the share of the way from cross-entropy on
the incomplete labels to cross-entropy on all of them. Intervals (95 %) are of the difference to
SPLC under resampling of the validation photographs, paired; +- is the deviation between seeds.

OF1 is also given at two other thresholds, of the points chosen by mAP: "rate", at which as many
training entries are found as there should be labels (needs the share of labels kept, no other
label), and "tuned", the best on the other half (needs validation labels).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import probe
import torch
from beyond_losses import (
    CountedSPLC,
    DensitySPLC,
    HillThenSPLC,
    KeptBCE,
    NonNegativePU,
    SoftSPLC,
    TeacherSPLC,
    ViewsSPLC,
    probability_above,
    slope_at,
)
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor, nn

from mmpretrain_mlml import BCE, RLC, SPLC, Hill
from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.study.bootstrap import draw_counts, interval, resampled_scores

RATES = 5e-4, 1e-3, 2e-3
TAUS = 0.5, 0.6, 0.7
KEEP = {'0.4left': 0.4, 'single': 1 / 2.9}  # single: one of COCO's 2.9 labels an image
EPOCHS = 12
FULL = 'BCE, all labels'

Point = tuple[float, float | None]  # learning rate and knob


def methods(
    keep: float, positives: float
) -> dict[str, tuple[Callable[[float | None], nn.Module], tuple]]:
    """By name: what builds a loss from the knob's value, and the values.

    Args:
        keep: Share of the labels that was kept.
        positives: Labels an image has in truth, on average.
    """
    keeps = 0.75 * keep, keep, 1.5 * keep
    return {
        FULL: (lambda _: BCE(), (None,)),
        'BCE': (lambda _: BCE(), (None,)),
        'BCE, positives weigh w': (lambda w: BCE(pos_weight=w), (1.5, 2.5, 5.0)),
        'Hill, lambda': (lambda lamb: Hill(lamb), (1.2, 1.5, 2.0)),
        'SPLC, tau': (lambda tau: SPLC(tau), TAUS),
        'SPLC on BCE, tau': (lambda tau: SPLC(tau, base=BCE()), TAUS),
        '1 EMA teacher, tau': (lambda tau: TeacherSPLC(tau, 0.99), TAUS),
        '2 two views, tau': (lambda tau: ViewsSPLC(tau, 0.2), TAUS),
        '3 tau by density, scale': (lambda scale: DensitySPLC(scale, keep), (0.25, 0.5, 1.0)),
        "3 RLC's batch mean, tau": (lambda tau: RLC(tau), TAUS),
        '4 Hill then SPLC, epoch': (lambda epoch: HillThenSPLC(epoch), (3, 6, 9)),
        '5 target p above tau': (lambda tau: SoftSPLC(probability_above(tau)), TAUS),
        '5 target sigmoid at tau': (lambda tau: SoftSPLC(slope_at(tau)), TAUS),
        '7 kept likelihood, keep': (KeptBCE, keeps),
        '7 kept likelihood, tau': (lambda tau: SPLC(tau, base=KeptBCE(keep)), TAUS),
        '7 non-negative PU, keep': (NonNegativePU, keeps),
        '8 expected positives, tau': (lambda tau: CountedSPLC(tau, positives), (0.4, 0.5, 0.6)),
        '8 weighted BCE, tau': (lambda tau: SPLC(tau, base=BCE(pos_weight=5)), (0.7, 0.8, 0.9)),
        '8 no focus, tau': (lambda tau: SPLC(tau, gamma=0, margin=1.5), (0.5, 0.55, 0.6)),
    }


def train(
    photos: probe.Photos, labels: Tensor, loss: nn.Module, lr: float, seed: int, keep: float
) -> tuple[np.ndarray, float]:
    """Trains as probe.train does with its defaults.

    Args:
        photos: Features.
        labels: (N, C) of 1 and 0, to train on.
        loss: Called as in MMPretrain.
        lr: Highest learning rate.
        seed: Of the weights and the order.
        keep: Share of the labels that ``labels`` holds.

    Returns:
        Probabilities of the validation photographs, and the probability that as many training
        entries exceed as there should be labels.
    """
    run = probe.train(photos, labels, loss, lr=lr, epochs=EPOCHS, seed=seed)
    with torch.inference_mode():
        found = run.head(photos.train).sigmoid().flatten()
    expected = round(float(labels.sum()) / keep)
    return run.probabilities, float(found.kthvalue(found.numel() - expected).values)


class Runs:
    """Trains a point once, and scores it; keeps the predictions in a folder if there is one."""

    def __init__(
        self, photos: probe.Photos, labels: str, rates: Sequence[float], folder: Path | None
    ) -> None:
        self.photos, self.labels, self.rates, self.folder = photos, labels, rates, folder
        self.keep = KEEP[labels]
        self.methods = methods(self.keep, float(photos.labels['full'].sum(1).mean()))
        rows = np.random.default_rng(0).permutation(len(photos.val_labels))
        self.halves = np.array_split(rows, 2)
        # a class without a positive in a half has no average precision there
        self.classes = [photos.val_labels[half].any(0) for half in self.halves]
        self._trained: dict[tuple, tuple[np.ndarray, float]] = {}

    def points(self, method: str) -> list[Point]:
        return list(product(self.rates, self.methods[method][1]))

    def trained(self, method: str, point: Point, seed: int) -> tuple[np.ndarray, float]:
        key = method, *point, seed
        if key not in self._trained:
            told = repr((self.labels, *key))
            name = f'{hashlib.sha256(told.encode()).hexdigest()[:16]}.npz'
            file = self.folder / name if self.folder else None
            if file and file.is_file():
                with np.load(file) as kept:
                    self._trained[key] = kept['probabilities'], float(kept['threshold'])
            else:
                loss = self.methods[method][0](point[1])
                full = method == FULL
                labels = self.photos.labels['full' if full else self.labels]
                keep = 1.0 if full else self.keep
                self._trained[key] = train(self.photos, labels, loss, point[0], seed, keep)
                if file:
                    probabilities, threshold = self._trained[key]
                    np.savez(file, probabilities=probabilities, threshold=threshold, told=told)
        return self._trained[key]

    def on_half(self, method: str, point: Point, seed: int, half: int) -> tuple[np.ndarray, ...]:
        """Probabilities and labels of a half, of the classes that occur in it."""
        cut = np.ix_(self.halves[half], self.classes[half])
        return self.trained(method, point, seed)[0][cut], self.photos.val_labels[cut]

    def score(
        self, method: str, point: Point, seed: int, half: int, name: str, threshold: float = 0.5
    ) -> float:
        return multi_label_scores(*self.on_half(method, point, seed, half), threshold).summary[name]

    def chosen(self, method: str, name: str) -> list[Point]:
        """For each half, the point that the other half finds best, with seed 0."""

        def best(half: int) -> Point:
            return max(self.points(method), key=lambda p: self.score(method, p, 0, half, name))

        return [best(1), best(0)]

    def tuned_threshold(self, method: str, point: Point, seed: int, half: int) -> float:
        grid = np.arange(0.02, 0.98, 0.02)
        return max(grid, key=lambda t: self.score(method, point, seed, half, 'OF1', float(t)))


def measure(runs: Runs, method: str, seeds: range, resamples: int) -> dict:
    """The scores of a method, by seed, and resampled."""
    found = {'chosen': {}, 'scores': {}, 'resampled': {}}
    for name in ('mAP', 'OF1'):
        chosen = runs.chosen(method, name)
        found['chosen'][name] = chosen
        found['scores'][name] = [
            float(np.mean([runs.score(method, p, s, half, name) for half, p in enumerate(chosen)]))
            for s in seeds
        ]
        drawn = []
        for (half, point), seed in product(enumerate(chosen), seeds):
            data = runs.on_half(method, point, seed, half)
            counts = draw_counts(len(data[1]), resamples, seed=half)
            drawn.append(resampled_scores(*data, counts)[name])
        found['resampled'][name] = np.mean(drawn, axis=0)
    chosen = list(enumerate(found['chosen']['mAP']))
    found['scores']['OF1 rate'] = [
        _mean(runs.score(method, p, s, h, 'OF1', runs.trained(method, p, s)[1]) for h, p in chosen)
        for s in seeds
    ]
    found['scores']['OF1 tuned'] = [
        _mean(
            runs.score(method, p, s, h, 'OF1', runs.tuned_threshold(method, p, s, 1 - h))
            for h, p in chosen
        )
        for s in seeds
    ]
    return found


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def compare(found: dict[str, dict]) -> list[dict]:
    """A row for each method: scores, share of the gap closed, difference to SPLC."""
    rows = []
    for method, own in found.items():
        row = {'method': method, 'chosen': own['chosen']}
        for name, values in own['scores'].items():
            low, high = (_mean(found[m]['scores'][name]) for m in ('BCE', FULL))
            row[name] = {
                'mean': _mean(values),
                'deviation': float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
                'closed': 100 * (_mean(values) - low) / (high - low),
            }
            if name in own['resampled']:
                less = own['resampled'][name] - found['SPLC, tau']['resampled'][name]
                row[name]['less SPLC'] = float(less.mean()), *interval(less)
        rows.append(row)
    return rows


def show(rows: list[dict]) -> Table:
    table = Table('method', title='mean over halves and seeds, percent')
    for name in ('mAP', 'closed', 'less SPLC', 'OF1', 'closed', 'less SPLC', 'rate', 'tuned'):
        table.add_column(name, justify='right')
    for row in rows:
        cells = [row['method']]
        for name in ('mAP', 'OF1'):
            one = row[name]
            difference = '{:+.1f} [{:+.1f}, {:+.1f}]'.format(*one['less SPLC'])
            score = f'{one["mean"]:.1f} +- {one["deviation"]:.1f}'
            cells += [score, f'{one["closed"]:.0f}', difference]
        table.add_row(*cells, *(f'{row[n]["mean"]:.1f}' for n in ('OF1 rate', 'OF1 tuned')))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--labels', choices=list(KEEP), default='0.4left')
    parser.add_argument('--out', type=Path, help='JSON file of all figures')
    parser.add_argument('--kept', type=Path, help='folder of predictions, to go on from')
    parser.add_argument('--only', nargs='+', help='methods, beside those compared with')
    parser.add_argument('--rates', type=float, nargs='+', default=RATES, help='learning rates')
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--resamples', type=int, default=1000)
    args = parser.parse_args()
    probe.quietly()
    torch.set_num_threads(1)
    if args.kept:
        args.kept.mkdir(parents=True, exist_ok=True)
    runs = Runs(probe.read_photos(), args.labels, args.rates, args.kept)
    needed = FULL, 'BCE', 'SPLC, tau'
    names = [m for m in runs.methods if not args.only or m in needed or m in args.only]
    found = {m: measure(runs, m, range(args.seeds), args.resamples) for m in track(names)}
    rows = compare(found)
    Console(width=150).print(show(rows))
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
