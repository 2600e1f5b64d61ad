"""How much Hill and SPLC depend on their hyper-parameters: a linear probe of photographs.

PHOTOS_ROOT=data/photos python benchmarks/tuning.py [--out tuning.json] [--figure tuning.png]

Twelve epochs on 40 % of the labels (but for the last sweep, over the share that is left), three seeds;
everything but the parameter at hand at its default.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from probe import Photos, Run, quietly, read_photos, train
from rich.progress import track
from torch import Tensor

from mmpretrain_mlml import BCE, SPLC, Hill
from mmpretrain_mlml.visualization.colours import loss_colours

SEEDS = (0, 1, 2)
RATES = (2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
SHARES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)  # r of floor(r n) + 1 labels an image
SWEEPS: dict[str, tuple] = {  # values of a hyper-parameter, by its name
    'tau': ('SPLC', (0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)),
    'change_epoch': ('SPLC', (0, 1, 2, 4, 6, 8, 10)),
    'margin': ('both', (0.0, 0.5, 1.0, 1.5, 2.0)),
    'gamma': ('both', (0.0, 1.0, 2.0, 3.0, 4.0)),
    'lamb': ('Hill', (1.0, 1.25, 1.5, 1.75, 2.0, 3.0)),
}
CLASSES = {'BCE': BCE, 'Hill': Hill, 'SPLC': SPLC}
LIMITS = {'mAP': (25, 45), 'OF1': (0, 55)}
LABELS = {'learning rate': 'learning rate, thousandths'}
DEFAULTS = {
    'lamb': Hill().lamb,
    **{name: getattr(SPLC(), name) for name in ('tau', 'change_epoch', 'margin', 'gamma')},
    'learning rate': 1e-3,
    'labels left, percent': 40,
}
COLOURS = loss_colours(CLASSES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='writes every score as JSON')
    parser.add_argument('--figure', type=Path, help='draws a panel a parameter')
    args = parser.parse_args()
    torch.set_num_threads(1)
    quietly()
    photos = read_photos()
    found: dict[str, dict[str, list]] = {}
    for (parameter, loss, value), run in track(list(plan(photos).items()), 'probing'):
        runs = [run(seed=seed) for seed in SEEDS]
        scores = {name: [round(getattr(one, name), 2) for one in runs] for name in ('mAP', 'OF1')}
        found.setdefault(parameter, {}).setdefault(loss, []).append({'value': value, **scores})
    for parameter, by_loss in found.items():
        for loss, points in by_loss.items():
            cells = (f'{p["value"]:g}: {mean(p["mAP"]):.1f}/{mean(p["OF1"]):.1f}' for p in points)
            print(f'{parameter}, {loss}: mAP/OF1', '  '.join(cells))
    if args.out:
        args.out.write_text(json.dumps(found, indent=None) + '\n')
    if args.figure:
        draw(found, args.figure)


def plan(photos: Photos) -> dict[tuple[str, str, float], Callable]:
    left = photos.labels['0.4left']
    runs = {}
    for parameter, (who, values) in SWEEPS.items():
        for loss in ('Hill', 'SPLC') if who == 'both' else (who,):
            for value in values:
                runs[parameter, loss, value] = partial(
                    fresh, photos, left, loss, {parameter: value}
                )
    for loss in CLASSES:
        for rate in RATES:
            runs['learning rate', loss, rate] = partial(fresh, photos, left, loss, {}, lr=rate)
        for share in SHARES:
            labels = dropped(photos.labels['full'], share)
            kept = 100 * float(labels.sum() / photos.labels['full'].sum())
            runs['labels left, percent', loss, round(kept, 1)] = partial(
                fresh, photos, labels, loss, {}
            )
    return runs


def fresh(photos: Photos, labels: Tensor, loss: str, told: dict, **how: Any) -> Run:
    return train(photos, labels, CLASSES[loss](**told), **how)


def dropped(labels: Tensor, share: float) -> Tensor:
    """Of the n labels of an image floor(share n) + 1, drawn at random; at 1 all of them."""
    draw = np.random.default_rng(0)
    kept = torch.zeros_like(labels)
    for row, present in enumerate(labels):
        ids = present.nonzero()[:, 0].numpy()
        number = min(len(ids), int(share * len(ids)) + 1)
        kept[row, draw.choice(ids, number, replace=False)] = 1
    return kept


def draw(found: dict, path: Path) -> None:
    across = 4
    down = -(-len(found) // across)
    figure = Figure(figsize=(3.1 * across, 4.6 * down), layout='constrained')
    panels = figure.subplots(2 * down, across, squeeze=False)
    for panel in panels.flat:
        panel.set_visible(False)
    for number, (parameter, by_loss) in enumerate(found.items()):
        block, column = divmod(number, across)
        for row, score in enumerate(('mAP', 'OF1')):
            panel = panels[2 * block + row, column]
            panel.set(ylim=LIMITS[score], ylabel=score, visible=True)
            for loss, points in by_loss.items():
                values = [point['value'] for point in points]
                middle = [mean(point[score]) for point in points]
                spread = [stdev(point[score]) for point in points]
                panel.errorbar(
                    values, middle, spread, marker='o', ms=4, color=COLOURS[loss], label=loss
                )
            if parameter == 'learning rate':
                panel.set_xscale('log', base=2)
                panel.set_xticks(RATES, [f'{1000 * rate:g}' for rate in RATES])
            panel.axvline(DEFAULTS[parameter], color='0.5', linestyle=':')
            panel.grid(alpha=0.3)
        panel.set_xlabel(LABELS.get(parameter, parameter))
        panels[2 * block, column].legend(fontsize='small')
    figure.suptitle(
        'One parameter at a time (dotted: its value in all other panels)\n'
        '10,000 photographs, 40 % of the labels, linear probe'
    )
    figure.savefig(path, dpi=110)


if __name__ == '__main__':
    main()
