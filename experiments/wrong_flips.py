"""Can one see without full labels that SPLC corrects wrongly? Photographs and digits.

Trains SPLC, SPLC without corrections and BCE in many settings, records what a watch could see (the
number of flips for each label, and how far the flips of two epochs agree) beside what it could not
(how many flips are right), and prints how well the first tells the second: the area under the ROC
curve, 0.5 for chance. Of photographs, a linear classifier on frozen features is trained; of digits,
the network of the digits configs. Makes a section of docs/results.md.

    python experiments/wrong_flips.py photos --out docs/results/wrong_flips.json   # PHOTOS_ROOT
    python experiments/wrong_flips.py digits --out docs/results/wrong_flips_digits.json
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from probe import Photos, _label_matrix, _new_head, log_errors_only, read_photos
from rich.progress import track
from torch import Tensor, nn

from mmpretrain_mlml import BCE, SPLC, DigitScenes, config
from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.losses.protocols import set_epoch

LISTS = ('0.4left', 'single', 'full')
BIASES = ('log-odds', 0.0)
SEEDS = (0, 1)
SETTINGS = {  # images and their epochs, labels, learning rate, bias, seed
    'photos': ({300: 12, 600: 12, 1500: 12, 4000: 6}, LISTS, (1e-3, 1e-2), BIASES, SEEDS),
    'digits': ({300: 12, 600: 12, 1200: 8}, LISTS, (1e-3, 5e-3), BIASES, SEEDS),
}
TEST_SCENES = 2000  # of digits
Row = dict[str, Any]
NewNetwork = Callable[[Photos, Tensor, Any], nn.Module]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('images', choices=SETTINGS)
    parser.add_argument('--out', type=Path, help='JSON file for the results of every run')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; train nothing')
    parser.add_argument('--runs', type=int, help='number of settings, drawn at random; default all')
    args = parser.parse_args()
    rows = json.loads(args.data.read_text()) if args.data else run_all(args.images, args.runs)
    report(rows)
    if args.out:
        args.out.write_text('[\n' + ',\n'.join(map(json.dumps, rows)) + '\n]\n')


def run_all(images: str, number: int | None) -> list[Row]:
    torch.set_num_threads(1)
    log_errors_only()
    sources: dict[str, tuple[Callable[[], Photos], NewNetwork]] = {
        'photos': (read_photos, new_head),
        'digits': (read_digits, new_net),
    }
    read, new_network = sources[images]
    data, epochs = read(), SETTINGS[images][0]
    settings = list(itertools.product(*SETTINGS[images]))
    order = np.random.default_rng(0).permutation(len(settings))[:number]
    chosen = [settings[index] for index in order]
    return [run(data, new_network, epochs, *setting) for setting in track(chosen, 'training')]


def read_digits() -> Photos:
    """Return scenes of digits in place of the features of photographs."""
    inputs, full = digits('train', max(SETTINGS['digits'][0]))
    labels = {'full': full}
    for name in LISTS[:2]:
        dataset = DigitScenes(size=len(full), protocol=name)
        labels[name] = torch.from_numpy(_label_matrix(dataset)).float()
    val, val_labels = digits('test', TEST_SCENES)
    return Photos(inputs, val, labels, val_labels.numpy().astype(np.int8))


def digits(split: str, size: int) -> tuple[Tensor, Tensor]:
    images, _ = make_scenes(split, size)
    dataset = DigitScenes(split, size)
    labels = torch.from_numpy(_label_matrix(dataset)).float()
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255, labels


def new_head(data: Photos, labels: Tensor, bias: Any) -> nn.Module:
    return _new_head(data.train.size(1), labels, bias)


def new_net(_: Photos, labels: Tensor, bias: Any) -> nn.Module:
    init_default_scope('mmpretrain')
    model = MODELS.build(Config.fromfile(config('digits_full_splc.py')).model)
    head = _new_head(model.head.in_channels, labels, bias)
    return nn.Sequential(model.backbone, LastFeatures(model.neck), head)


class LastFeatures(nn.Module):
    """The output of a neck for the last of the levels that a backbone returns."""

    def __init__(self, neck: nn.Module) -> None:
        super().__init__()
        self.neck = neck

    def forward(self, levels: tuple[Tensor, ...]) -> Tensor:
        """Return features, (N, D)."""
        return self.neck(levels)[-1]


def run(
    photos: Photos, new_network: NewNetwork, epochs: Mapping[int, int],
    size: int, labels: str, lr: float, bias: Any, seed: int,
) -> Row:  # fmt: skip
    chosen = np.random.default_rng(seed + 7).permutation(len(photos.train))[:size]
    data = Photos(
        photos.train[chosen],
        photos.val,
        {name: values[chosen] for name, values in photos.labels.items()},
        photos.val_labels,
    )
    row: Row = {'setting': [size, labels, lr, bias, seed]}
    for name, loss in (('BCE', BCE()), ('uncorrected', SPLC(tau=1.0)), ('SPLC', SPLC())):
        torch.manual_seed(seed)
        network = new_network(data, data.labels[labels], bias)
        row[name], seen = train(data, network, labels, loss, lr, epochs[size])
    return row | seen


def train(
    photos: Photos, network: nn.Module, name: str, loss: nn.Module, lr: float, epochs: int
) -> tuple[float, Row]:
    """Return the validation mAP, and what is seen of the flips in the last epoch."""
    x, labels, full = photos.train, photos.labels[name], photos.labels['full']
    optimiser = torch.optim.Adam(network.parameters(), lr)
    steps = epochs * -(-len(x) // 64)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, lr, steps, pct_start=0.2, cycle_momentum=False
    )
    before = flips = torch.zeros_like(labels, dtype=torch.bool)
    for epoch in range(epochs):
        set_epoch(loss, epoch, epochs)
        before, flips = flips, torch.zeros_like(flips)
        for batch in torch.randperm(len(x)).split(64):
            logits = network(x[batch])
            optimiser.zero_grad()
            loss(logits, labels[batch]).backward()
            optimiser.step()
            scheduler.step()
            flips[batch] = (logits.detach().sigmoid() > 0.6) & (labels[batch] == 0)
    network.eval()
    with torch.inference_mode():
        probabilities = torch.cat([network(part) for part in photos.val.split(500)]).sigmoid()
    number = int(flips.sum())
    seen = {
        'flips_per_label': number / float(labels.sum()),
        'agreement': int((flips & before).sum()) / max(int((flips | before).sum()), 1),
        'precision': int((flips & (full == 1)).sum()) / max(number, 1),
    }
    scores = multi_label_scores(probabilities.numpy(), photos.val_labels).summary
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
