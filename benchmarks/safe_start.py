"""What makes Hill and SPLC collapse, and what keeps them from it: a linear probe of photographs.

PHOTOS_ROOT=data/photos python benchmarks/safe_start.py [--out FILE.json] [--figure FILE.png]

Six epochs each, one seed. "centred" features have mean 0 and standard deviation 1, as a last layer
norm gives them; "plain" ones are averages after a ReLU, never negative. mAP on the validation
photographs; the star says that LossEpochHook's watch would have warned.
"""

import argparse
import itertools
import json
from pathlib import Path

import torch
from matplotlib.figure import Figure
from probe import Photos, centred, quietly, read_photos, train
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mmpretrain_mlml import ASL, BCE, SPLC, Hill
from mmpretrain_mlml.visualization.colours import loss_colours

LOSSES = {'BCE': BCE, 'ASL': ASL, 'Hill': Hill, 'SPLC': SPLC}
BIASES = (0.0, -3.0, 'log-odds')
CENTRED = [  # features, labels, one-cycle, learning rate, bias
    ('centred', labels, True, lr, bias)
    for labels, lr, bias in itertools.product(('full', '0.4left'), (1e-4, 1e-3, 3e-3), BIASES)
]
PLAIN = [
    ('plain', 'full', cycle, lr, bias)
    for cycle, lr, bias in itertools.product(
        (True, False), (1e-3, 1e-2, 3e-2, 1e-1), (0.0, 'log-odds')
    )
]
CURES = {
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
    parser.add_argument('--out', type=Path, help='writes every run as JSON')
    parser.add_argument('--figure', type=Path, help='draws it')
    args = parser.parse_args()
    torch.set_num_threads(1)
    quietly()
    plain = read_photos()
    photos = {'plain': plain, 'centred': centred(plain)}
    rows = []
    for setting in track([*CENTRED, *PLAIN], 'probing'):
        for name, loss in LOSSES.items():
            rows.append(measured(photos, setting, name, loss()))
    for lr, cycle in track([(3e-2, False), (1e-1, True)], 'remedies'):
        for name, loss in CURES.items():
            rows.append(measured(photos, ('plain', 'full', cycle, lr, 'log-odds'), name, loss))
    shown = Table('features', 'labels', 'learning rate', 'bias', *LOSSES, title='mAP; * warned')
    for setting in [*CENTRED, *PLAIN]:
        found = [row for row in rows if row['setting'] == list(setting)][: len(LOSSES)]
        shown.add_row(*told(setting), *(f'{row["mAP"]:.1f}{"*" * row["warned"]}' for row in found))
    Console(width=110).print(shown)
    remedies = Table('plain features, full', *CURES, title='mAP where steps are too long')
    for lr, cycle in ((3e-2, False), (1e-1, True)):
        at = ['plain', 'full', cycle, lr, 'log-odds']
        found = {row['loss']: row['mAP'] for row in rows if row['setting'] == at}
        remedies.add_row(told(at)[2], *(f'{found[name]:.1f}' for name in CURES))
    Console(width=130).print(remedies)
    if args.out:
        args.out.write_text('[\n' + ',\n'.join(map(json.dumps, rows)) + '\n]\n')
    if args.figure:
        draw(rows, args.figure)


def measured(photos: dict[str, Photos], setting: tuple, name: str, loss: torch.nn.Module) -> dict:
    features, labels, cycle, lr, bias = setting
    data = photos[features]
    run = train(data, data.labels[labels], loss, bias=bias, lr=lr, epochs=6, warm_up=cycle)
    shares = [round(share, 2) for share in run.above]
    scores = {'mAP': round(run.mAP, 2), 'OF1': round(run.OF1, 2)}
    found = {'setting': list(setting), 'loss': name, **scores}
    return {**found, 'above_percent': shares, 'warned': run.warned}


def told(setting: tuple) -> tuple[str, str, str, str]:
    features, labels, cycle, lr, bias = setting
    return features, labels, f'{"up to" if cycle else "always"} {lr:g}', str(bias)


def draw(rows: list[dict], path: Path) -> None:
    panels = {
        'centred features, one-cycle': ('centred', 'full', True),
        'plain features, one-cycle': ('plain', 'full', True),
        'plain features, constant rate': ('plain', 'full', False),
    }
    figure = Figure(figsize=(11, 3.8), layout='constrained')
    for panel, (title, start) in zip(figure.subplots(1, 3, sharey=True), panels.items()):
        for loss, colour in loss_colours(LOSSES).items():
            for bias, style in ((0.0, '--'), ('log-odds', '-')):
                points = {
                    row['setting'][3]: row['mAP']
                    for row in rows
                    if row['loss'] == loss
                    and row['setting'][:3] == list(start)
                    and row['setting'][4] == bias
                }
                label = f'{loss}, bias {"at the log-odds" if bias else "0"}'
                panel.plot(
                    *zip(*sorted(points.items())), style, marker='o', color=colour, label=label
                )
        rate = 'highest learning rate' if start[2] else 'learning rate'
        panel.set(title=title, xlabel=rate, xscale='log', ylim=(0, 50))
        panel.grid(alpha=0.3)
    figure.axes[0].set_ylabel('mAP')
    figure.axes[1].legend(fontsize='x-small', loc='lower left', handlelength=3.5)
    figure.suptitle(
        'Where Hill and SPLC collapse: 10,000 photographs with all labels, linear probe'
    )
    figure.savefig(path, dpi=130)


if __name__ == '__main__':
    main()
