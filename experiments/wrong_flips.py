"""Can one see without full labels that SPLC corrects wrongly? A linear classifier on photographs.

Trains SPLC, SPLC without corrections and BCE in many settings, records what a watch could see (the
number of flips for each label, and how far the flips of two epochs agree) beside what it could not
(how many flips are right), and prints how well the first tells the second: the area under the ROC
curve, 0.5 for chance. Makes a section of docs/results.md.

    PHOTOS_ROOT=data/photos python experiments/wrong_flips.py --out docs/results/wrong_flips.json
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from probe import Photos, _new_head, log_errors_only, read_photos
from rich.progress import track
from torch import Tensor, nn

from mmpretrain_mlml import BCE, SPLC
from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.losses.protocols import set_epoch

SETTINGS = list(
    itertools.product(
        (300, 600, 1500, 4000),  # photographs
        ('0.4left', 'single', 'full'),
        (1e-3, 1e-2),  # learning rate
        ('log-odds', 0.0),  # bias
        (0, 1),  # seed
    )
)
Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='JSON file for the results of every run')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; train nothing')
    parser.add_argument('--runs', type=int, default=len(SETTINGS), help='number of settings, drawn')
    args = parser.parse_args()
    rows = json.loads(args.data.read_text()) if args.data else run_all(args.runs)
    report(rows)
    if args.out:
        args.out.write_text('[\n' + ',\n'.join(map(json.dumps, rows)) + '\n]\n')


def run_all(number: int) -> list[Row]:
    torch.set_num_threads(1)
    log_errors_only()
    photos = read_photos()
    order = np.random.default_rng(0).permutation(len(SETTINGS))[:number]
    return [run(photos, *SETTINGS[index]) for index in track(order, 'training')]


def run(photos: Photos, size: int, labels: str, lr: float, bias: Any, seed: int) -> Row:
    chosen = np.random.default_rng(seed + 7).permutation(len(photos.train))[:size]
    data = photos.train[chosen], photos.labels[labels][chosen], photos.labels['full'][chosen]
    row: Row = {'setting': [size, labels, lr, bias, seed]}
    for name, loss in (('BCE', BCE()), ('uncorrected', SPLC(tau=1.0)), ('SPLC', SPLC())):
        row[name], seen = train(photos, data, loss, lr, bias, seed, 12 if size < 4000 else 6)
    return row | seen


def train(
    photos: Photos, data: tuple[Tensor, ...], loss: nn.Module, lr: float, bias: Any, seed: int,
    epochs: int,
) -> tuple[float, Row]:  # fmt: skip
    """Return the validation mAP, and what is seen of the flips in the last epoch."""
    torch.manual_seed(seed)
    x, labels, full = data
    head = _new_head(x.size(1), labels, bias)
    optimiser = torch.optim.Adam(head.parameters(), lr)
    steps = epochs * -(-len(x) // 64)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, lr, steps, pct_start=0.2, cycle_momentum=False
    )
    before = flips = torch.zeros_like(labels, dtype=torch.bool)
    for epoch in range(epochs):
        set_epoch(loss, epoch, epochs)
        before, flips = flips, torch.zeros_like(flips)
        for batch in torch.randperm(len(x)).split(64):
            logits = head(x[batch])
            optimiser.zero_grad()
            loss(logits, labels[batch]).backward()
            optimiser.step()
            scheduler.step()
            flips[batch] = (logits.detach().sigmoid() > 0.6) & (labels[batch] == 0)
    with torch.inference_mode():
        probabilities = head(photos.val).sigmoid().numpy()
    number = int(flips.sum())
    seen = {
        'flips_per_label': number / float(labels.sum()),
        'agreement': int((flips & before).sum()) / max(int((flips | before).sum()), 1),
        'precision': int((flips & (full == 1)).sum()) / max(number, 1),
    }
    scores = multi_label_scores(probabilities, photos.val_labels).summary
    return round(scores['mAP'], 2), {key: round(value, 3) for key, value in seen.items()}


def report(rows: list[Row]) -> None:
    """Print how well each sign tells the runs apart, and the range of each by label list."""
    bad = {
        'most flips are wrong': [row['precision'] < 0.5 for row in rows],
        'mAP more than 0.5 below BCE': [row['SPLC'] < row['BCE'] - 0.5 for row in rows],
        'corrections cost 0.25 mAP': [row['SPLC'] < row['uncorrected'] - 0.25 for row in rows],
    }
    for title, wrong in bad.items():
        areas = [
            f'{key} {area([row[key] for row in rows], wrong):.2f}'
            for key in ('flips_per_label', 'agreement')
        ]
        print(
            f'{title}: {sum(wrong)} of {len(rows)} runs; area under the ROC of ' + ', '.join(areas)
        )
    for labels in ('full', '0.4left', 'single'):
        part = [row for row in rows if row['setting'][1] == labels]
        for key in ('flips_per_label', 'agreement', 'precision'):
            values = sorted(row[key] for row in part)
            if values:
                middle = values[len(values) // 2]
                print(f'{labels}: {key} {values[0]:.2f} to {values[-1]:.2f}, median {middle:.2f}')


def area(values: list[float], wrong: list[bool]) -> float:
    """Return the share of pairs of a wrong and another run in which the wrong one has more."""
    high = [value for value, bad in zip(values, wrong, strict=True) if bad]
    low = [value for value, bad in zip(values, wrong, strict=True) if not bad]
    pairs = [(a > b) + 0.5 * (a == b) for a in high for b in low]
    return sum(pairs) / len(pairs) if pairs else float('nan')


if __name__ == '__main__':
    main()
