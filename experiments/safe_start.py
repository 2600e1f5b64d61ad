"""What makes Hill and SPLC collapse, and what prevents it: a linear classifier on photographs.

Shows that both losses fail with standardised features and a zero bias, and with a learning rate that
is too high, where BCE does not; and which remedies help. Makes the tables of docs/safe_start.md.

    PHOTOS_ROOT=data/photos python experiments/safe_start.py \
        --out docs/results/safe_start.json --figure docs/safe_start.png

Six epochs and one seed per run. "centred" features have mean 0 and standard deviation 1, as after a
layer norm; "plain" ones are averages after a ReLU, never negative. A star marks the runs in which
LossEpochHook would have warned of a collapse.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from probe import Bias, log_errors_only, read_photos, standardise, train
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mmpretrain_mlml import ASL, BCE, SPLC, Hill
from mmpretrain_mlml.visualization.colours import loss_colours

Setting = tuple[str, str, bool, float, Bias]  # features, labels, one-cycle, rate, bias
Row = dict[str, Any]

LOSSES = {'BCE': BCE, 'ASL': ASL, 'Hill': Hill, 'SPLC': SPLC}
BIASES: tuple[Bias, ...] = (0.0, -3.0, 'log-odds')
CENTRED: list[Setting] = [
    ('centred', labels, True, lr, bias)
    for labels, lr, bias in itertools.product(('full', '0.4left'), (1e-4, 1e-3, 3e-3), BIASES)
]
PLAIN: list[Setting] = [
    ('plain', 'full', one_cycle, lr, bias)
    for one_cycle, lr, bias in itertools.product(
        (True, False), (1e-3, 1e-2, 3e-2, 1e-1), (BIASES[0], BIASES[2])
    )
]
TOO_FAST: list[Setting] = [
    ('plain', 'full', False, 3e-2, 'log-odds'),
    ('plain', 'full', True, 1e-1, 'log-odds'),
]
REMEDIES = {
    'Hill': Hill(),
    'Hill, lamb 2': Hill(lamb=2.0),
    'SPLC': SPLC(),
    'SPLC, change_epoch 3': SPLC(change_epoch=3),
    'SPLC, change_epoch 5': SPLC(change_epoch=5),
    'SPLC, tau 0.9': SPLC(tau=0.9),
    'never corrected': SPLC(tau=1.0),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='JSON file for the scores of every run')
    parser.add_argument('--figure', type=Path, help='PNG file for the figure')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; train nothing')
    args = parser.parse_args()
    rows = json.loads(args.data.read_text()) if args.data else run_all()
    report(rows)
    if args.out:
        args.out.write_text('[\n' + ',\n'.join(map(json.dumps, rows)) + '\n]\n')
    if args.figure:
        draw(rows, args.figure)


def run_all() -> list[Row]:
    torch.set_num_threads(1)
    log_errors_only()
    plain = read_photos()
    photos = {'plain': plain, 'centred': standardise(plain)}
    jobs = [
        (setting, name, loss()) for setting in [*CENTRED, *PLAIN] for name, loss in LOSSES.items()
    ]
    jobs += [(setting, name, loss) for setting in TOO_FAST for name, loss in REMEDIES.items()]
    rows = []
    for setting, name, loss in track(jobs, 'training'):
        features, labels, one_cycle, lr, bias = setting
        data = photos[features]
        run = train(
            data, data.labels[labels], loss, bias=bias, lr=lr, epochs=6, one_cycle=one_cycle
        )
        rows.append(
            {
                'setting': list(setting),
                'loss': name,
                'mAP': round(run.mAP, 2),
                'OF1': round(run.OF1, 2),
                'above_percent': [round(share, 2) for share in run.above],
                'warned': run.warned,
            }
        )
    return rows


def report(rows: list[Row]) -> None:
    """Print the mAP of all runs, then that of the remedies."""
    cells = {
        (tuple(row['setting']), row['loss']): f'{row["mAP"]:.1f}{"*" * row["warned"]}'
        for row in rows
    }
    table = Table('features', 'labels', 'learning rate', 'bias', *LOSSES, title='mAP; * warned')
    for setting in [*CENTRED, *PLAIN]:
        features, labels, _, _, bias = setting
        scores = (cells[setting, loss] for loss in LOSSES)
        table.add_row(features, labels, rate_text(setting), str(bias), *scores)
    Console(width=110).print(table)
    table = Table('plain features, full', *REMEDIES, title='mAP at high learning rates; * warned')
    for setting in TOO_FAST:
        table.add_row(rate_text(setting), *(cells[setting, loss] for loss in REMEDIES))
    Console(width=130).print(table)


def rate_text(setting: Setting) -> str:
    _, _, one_cycle, lr, _ = setting
    return f'{"up to" if one_cycle else "always"} {lr:g}'


def draw(rows: list[Row], path: Path) -> None:
    panels = {
        'centred features, one-cycle': ['centred', 'full', True],
        'plain features, one-cycle': ['plain', 'full', True],
        'plain features, constant rate': ['plain', 'full', False],
    }
    figure = Figure(figsize=(11, 3.8), layout='constrained')
    axes = figure.subplots(1, 3, sharey=True)
    for panel, (title, condition) in zip(axes, panels.items()):
        for loss, colour in loss_colours(LOSSES).items():
            for bias, style in ((0.0, '--'), ('log-odds', '-')):
                points = {
                    row['setting'][3]: row['mAP']
                    for row in rows
                    if row['loss'] == loss
                    and row['setting'][:3] == condition
                    and row['setting'][4] == bias
                }
                label = f'{loss}, bias {"at the log-odds" if bias else "0"}'
                panel.plot(
                    *zip(*sorted(points.items())), style, marker='o', color=colour, label=label
                )
        rate = 'highest learning rate' if condition[2] else 'learning rate'
        panel.set(title=title, xlabel=rate, xscale='log', ylim=(0, 50))
        panel.grid(alpha=0.3)
    axes[0].set_ylabel('mAP')
    axes[1].legend(fontsize='x-small', loc='lower left', handlelength=3.5)
    figure.suptitle(
        'Where Hill and SPLC collapse: 10,000 photographs, all labels, linear classifier'
    )
    figure.savefig(path, dpi=130)


if __name__ == '__main__':
    main()
