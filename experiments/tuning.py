"""How sensitive Hill and SPLC are to their hyper-parameters: a linear classifier on photographs.

Shows mAP and OF1 over tau, change_epoch, margin, gamma, lamb, the learning rate and the share of
labels left, one at a time with the others at their defaults. Makes docs/tuning.png and its data.

    PHOTOS_ROOT=data/photos python experiments/tuning.py \
        --out docs/results/tuning.json --figure docs/tuning.png

Twelve epochs and three seeds per setting, on 40 % of the labels unless their share is what varies.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from probe import Photos, log_errors_only, read_photos, train
from rich.progress import track
from torch import Tensor, nn

from mmpretrain_mlml import BCE, SPLC, Hill
from mmpretrain_mlml.visualization.colours import loss_colours

Points = dict[str, dict[str, list[dict[str, Any]]]]  # by parameter and loss: value, mAP, OF1

SEEDS = (0, 1, 2)
SCORES = ('mAP', 'OF1')
LEARNING_RATE, LABELS_LEFT = 'learning rate', 'labels left, percent'
RATES = (2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # r of floor(r n) + 1 labels per image
SWEEPS: dict[str, tuple[tuple[str, ...], tuple[float, ...]]] = {
    'tau': (('SPLC',), (0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)),
    'change_epoch': (('SPLC',), (0, 1, 2, 4, 6, 8, 10)),
    'margin': (('Hill', 'SPLC'), (0.0, 0.5, 1.0, 1.5, 2.0)),
    'gamma': (('Hill', 'SPLC'), (0.0, 1.0, 2.0, 3.0, 4.0)),
    'lamb': (('Hill',), (1.0, 1.25, 1.5, 1.75, 2.0, 3.0)),
}
LOSSES: dict[str, type[nn.Module]] = {'BCE': BCE, 'Hill': Hill, 'SPLC': SPLC}
DEFAULTS = {
    'lamb': Hill().lamb,
    **{name: getattr(SPLC(), name) for name in ('tau', 'change_epoch', 'margin', 'gamma')},
    LEARNING_RATE: 1e-3,
    LABELS_LEFT: 40,
}
LIMITS = {'mAP': (25, 45), 'OF1': (0, 55)}
AXIS_LABELS = {LEARNING_RATE: 'learning rate, thousandths'}


class Setting(NamedTuple):
    """One point of a curve: everything that its runs share but the seed."""

    parameter: str
    loss: str
    value: float
    labels: Tensor
    arguments: dict[str, float]  # of the loss
    lr: float = DEFAULTS[LEARNING_RATE]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='JSON file for all scores')
    parser.add_argument('--figure', type=Path, help='PNG file for the figure')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; train nothing')
    args = parser.parse_args()
    points = json.loads(args.data.read_text()) if args.data else run_all()
    for parameter, by_loss in points.items():
        for loss, curve in by_loss.items():
            cells = (f'{p["value"]:g}: {mean(p["mAP"]):.1f}/{mean(p["OF1"]):.1f}' for p in curve)
            print(f'{parameter}, {loss}: mAP/OF1', '  '.join(cells))
    if args.out:
        args.out.write_text(json.dumps(points) + '\n')
    if args.figure:
        draw(points, args.figure)


def run_all() -> Points:
    torch.set_num_threads(1)
    log_errors_only()
    photos = read_photos()
    points: Points = {}
    for setting in track(list(settings(photos)), 'training'):
        runs = []
        for seed in SEEDS:
            loss = LOSSES[setting.loss](**setting.arguments)
            runs.append(train(photos, setting.labels, loss, lr=setting.lr, seed=seed))
        scores = {name: [round(getattr(run, name), 2) for run in runs] for name in SCORES}
        curve = points.setdefault(setting.parameter, {}).setdefault(setting.loss, [])
        curve.append({'value': setting.value, **scores})
    return points


def settings(photos: Photos) -> Iterator[Setting]:
    some, full = photos.labels['0.4left'], photos.labels['full']
    for parameter, (losses, values) in SWEEPS.items():
        for loss in losses:
            for value in values:
                yield Setting(parameter, loss, value, some, {parameter: value})
    subsets = [drop_labels(full, share) for share in SHARES]
    for loss in LOSSES:
        for lr in RATES:
            yield Setting(LEARNING_RATE, loss, lr, some, {}, lr)
        for labels in subsets:
            percent = round(100 * float(labels.sum() / full.sum()), 1)
            yield Setting(LABELS_LEFT, loss, percent, labels, {})


def drop_labels(labels: Tensor, share: float) -> Tensor:
    """Keep floor(share n) + 1 random labels of an image that has n, at most all of them."""
    random = np.random.default_rng(0)
    kept = torch.zeros_like(labels)
    for row, present in enumerate(labels):
        ids = present.nonzero()[:, 0].numpy()
        number = min(len(ids), int(share * len(ids)) + 1)
        kept[row, random.choice(ids, number, replace=False)] = 1
    return kept


def draw(points: Points, path: Path) -> None:
    """Draw two panels for each parameter, mAP above OF1."""
    columns = 4
    blocks = -(-len(points) // columns)
    figure = Figure(figsize=(3.1 * columns, 4.6 * blocks), layout='constrained')
    panels = figure.subplots(2 * blocks, columns, squeeze=False)
    for panel in panels.flat:
        panel.set_visible(False)
    colours = loss_colours(LOSSES)
    for number, (parameter, by_loss) in enumerate(points.items()):
        block, column = divmod(number, columns)
        for row, score in enumerate(SCORES):
            panel = panels[2 * block + row, column]
            panel.set(ylim=LIMITS[score], ylabel=score, visible=True)
            for loss, curve in by_loss.items():
                panel.errorbar(
                    [point['value'] for point in curve],
                    [mean(point[score]) for point in curve],
                    [stdev(point[score]) for point in curve],
                    marker='o', ms=4, color=colours[loss], label=loss,
                )  # fmt: skip
            if parameter == LEARNING_RATE:
                panel.set_xscale('log', base=2)
                panel.set_xticks(RATES, [f'{1000 * rate:g}' for rate in RATES])
            panel.axvline(DEFAULTS[parameter], color='0.5', linestyle=':')
            panel.grid(alpha=0.3)
        panel.set_xlabel(AXIS_LABELS.get(parameter, parameter))
        panels[2 * block, column].legend(fontsize='small')
    figure.suptitle(
        'One parameter at a time; the dotted line is its value in all other panels\n'
        '10,000 photographs, 40 % of the labels, linear classifier'
    )
    figure.savefig(path, dpi=110)


if __name__ == '__main__':
    main()
