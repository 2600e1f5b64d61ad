"""What decisions about missing labels are worth: a linear classifier on photographs.

A reviewer who makes no mistake decides about the first proposals of `mmpretrain_mlml.audit`; the
classifier is trained again with the decisions. Makes docs/review_gain.png and its data.

    PHOTOS_ROOT=data/photos python experiments/review_gain.py --seeds 2 \
        --out docs/results/review_gain.json --figure docs/review_gain.png
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from probe import Photos, log_errors_only, read_photos, standardise, train
from rich.progress import track
from torch import nn

from mmpretrain_mlml import BCE, Hill
from mmpretrain_mlml.audit import out_of_fold_probabilities, propose

SHARES = (0.006, 0.015, 0.03)  # of the unobserved entries
ORDERS = ('alternating', 'probability', 'balanced', 'random')
PENALTY = 1e-2
EPOCHS = 6
LOSSES = {'BCE': lambda: BCE(unknown='negative'), 'Hill': lambda: Hill(unknown='unobserved')}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='JSON file for all scores')
    parser.add_argument('--figure', type=Path, help='PNG file for the figure')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; train nothing')
    parser.add_argument('--seeds', type=int, default=3, help='number of seeds (default: 3)')
    parser.add_argument('--labels', default='0.4left', help='label list (default: 0.4left)')
    args = parser.parse_args()
    rows = json.loads(args.data.read_text()) if args.data else run_all(args.labels, args.seeds)
    report(rows)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1) + '\n')
    if args.figure:
        draw(rows, args.figure)


def run_all(name: str, seeds: int) -> list[dict[str, Any]]:
    """Return the scores without decisions, with all labels, and after decisions in each order."""
    log_errors_only()
    photos = standardise(read_photos())
    incomplete = np.where(photos.labels[name].numpy() == 1, 1, -1)
    complete = photos.labels['full'].numpy() == 1
    probabilities = out_of_fold_probabilities(photos.train.numpy(), incomplete)
    settings: list[tuple[str, float, np.ndarray]] = [
        ('none', 0.0, incomplete),
        ('all labels', 1.0, np.where(complete, 1, 0)),
    ]
    unobserved = int((incomplete == -1).sum())
    for share in SHARES:
        for order in ORDERS:
            images, classes = _entries(probabilities, incomplete, order, round(share * unobserved))
            labels = incomplete.copy()
            labels[images, classes] = complete[images, classes]
            settings.append((order, share, labels))
    missing = int(complete.sum() - (incomplete == 1).sum())
    rows = []
    for order, share, labels in track(settings, 'trainings'):
        found = int((labels == 1).sum() - (incomplete == 1).sum())
        for loss, make in LOSSES.items():
            runs = [_scores(photos, labels, make(), seed) for seed in range(seeds)]
            mAP, OF1 = ([run[index] for run in runs] for index in (0, 1))
            row = {'order': order, 'share': share, 'loss': loss, 'mAP': mAP, 'OF1': OF1}
            rows.append(row | {'found': found / missing, 'decisions': round(share * unobserved)})
    return rows


def _entries(
    probabilities: np.ndarray, labels: np.ndarray, order: str, count: int
) -> tuple[np.ndarray, np.ndarray]:
    if order != 'random':
        proposals = propose(probabilities, labels, count, order=order)
        return proposals['image'], proposals['class']
    images, classes = np.nonzero(labels == -1)
    # random images: all entries of one after the other
    rank = np.random.default_rng(0).permutation(len(labels))
    first = np.argsort(rank[images], kind='stable')[:count]
    return images[first], classes[first]


def _scores(photos: Photos, labels: np.ndarray, loss: nn.Module, seed: int) -> tuple[float, float]:
    targets = torch.from_numpy(labels).float()
    run = train(photos, targets, loss, seed=seed, epochs=EPOCHS, penalty=PENALTY)
    return run.mAP, run.OF1


def report(rows: list[dict[str, Any]]) -> None:
    """Print a line for each order and share: labels found, scores, and gaps closed to BCE's."""
    score = {(r['order'], r['share'], r['loss']): (mean(r['mAP']), mean(r['OF1'])) for r in rows}
    low, high = score['none', 0.0, 'BCE'], score['all labels', 1.0, 'BCE']
    print('order, decisions, found | loss: mAP OF1 (share of the gap of BCE closed)')
    for row in rows:
        mAP, OF1 = score[row['order'], row['share'], row['loss']]
        gaps = [(x - a) / (b - a) for x, a, b in zip((mAP, OF1), low, high, strict=True)]
        print(
            f'{row["order"]}, {row["decisions"]:,}, {row["found"]:.0%} | {row["loss"]}: {mAP:.1f} '
            f'{OF1:.1f} ({gaps[0]:.0%}, {gaps[1]:.0%})'
        )


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw mAP and OF1 over the share of decisions."""
    figure = Figure(figsize=(9, 3.8), layout='constrained')
    colours = dict(zip(ORDERS, ('#0b6b3a', '#0b57d0', '#a3261c', '#777777'), strict=True))
    for axes, key in zip(figure.subplots(1, 2), ('mAP', 'OF1'), strict=True):
        for loss, style in (('BCE', '-'), ('Hill', '--')):
            of_loss = [row for row in rows if row['loss'] == loss]
            start = next(row for row in of_loss if row['order'] == 'none')
            for order, colour in colours.items():
                curve = [start, *(row for row in of_loss if row['order'] == order)]
                x, y = zip(*((100 * row['share'], mean(row[key])) for row in curve), strict=True)
                label = f'{order}, {loss}' if key == 'mAP' else None
                axes.plot(x, y, style, color=colour, marker='.', label=label)
        end = next(r for r in rows if r['order'] == 'all labels' and r['loss'] == 'BCE')
        axes.axhline(mean(end[key]), color='0.4', lw=0.8)
        axes.annotate('BCE, all labels', (0, mean(end[key])), va='bottom', fontsize=8, color='0.3')
        axes.set(xlabel='decisions, percent of the unobserved entries', ylabel=key)
    figure.legend(loc='outside right center', fontsize=8, frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == '__main__':
    main()
