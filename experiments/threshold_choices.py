"""Which thresholds hold on held-out images, and how many labelled images do they need?

A model is trained with BCE on 40 % of the labels. Thresholds are tuned on some fully labelled images,
on a review of some of their entries, or from the expected rate of each class; other images are scored.
Makes the tables in docs/thresholds.md.

    PHOTOS_ROOT=data/photos python experiments/threshold_choices.py photos
    python experiments/threshold_choices.py digits
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryDirectory

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from probe import Photos, log_errors_only, read_photos, standardise, train_head
from rich.progress import track

from mmpretrain_mlml import BCE, config
from mmpretrain_mlml.apis import predict_dataset
from mmpretrain_mlml.audit import out_of_fold_probabilities
from mmpretrain_mlml.audit.expected_yield import kept_share
from mmpretrain_mlml.datasets import DigitScenes
from mmpretrain_mlml.evaluation import Thresholds, multi_label_scores, tune_thresholds
from mmpretrain_mlml.evaluation.expected_rates import expected_rates

TRAINED = 6000  # photographs that the classifier learns from; the others are held out
SCENES = 4000  # of digits, to learn from and held out
REVIEWED = 0.1  # share of the entries that a reviewer decides about
WANTED = 80.0  # percent


@dataclass
class HeldOut:
    """Predictions for images that the model was not trained on.

    Attributes:
        scores: Probabilities, (N, C).
        labels: Complete labels, (N, C).
        rates: Expected share of the images of each class, (C,), by how the share kept is known.
    """

    scores: np.ndarray
    labels: np.ndarray
    rates: dict[str, np.ndarray]


def photos() -> HeldOut:
    """Train a linear classifier on features of photographs."""
    log_errors_only()
    everything = standardise(read_photos())
    features = torch.cat([everything.train, everything.val])
    full = np.concatenate([everything.labels['full'].numpy(), everything.val_labels])
    observed = everything.labels['0.4left'][:TRAINED]
    parts = Photos(features[:TRAINED], features[TRAINED:], {}, full[TRAINED:])
    head = train_head(parts, observed, BCE(), epochs=6, penalty=1e-2)
    with torch.inference_mode():
        scores = head(parts.val).sigmoid().numpy()
    given = observed.numpy()
    unbiased = out_of_fold_probabilities(parts.train.numpy(), np.where(given == 1, 1, -1))
    shares = {
        'share kept': given.sum() / full[:TRAINED].sum(),
        "the audit's estimate": kept_share(unbiased, np.where(given == 1, 1, -1)),
    }
    return HeldOut(scores, full[TRAINED:].astype(np.int8), _rates(given, shares))


def digits() -> HeldOut:
    """Train the network of the digit configs on scenes."""
    cfg = Config.fromfile(config('digits_0.4left_bce.py'))
    changes = {'train_dataloader.dataset.size': SCENES, 'train_cfg.max_epochs': 8}
    cfg.merge_from_dict({**changes, 'test_dataloader.dataset.size': SCENES, 'log_level': 'ERROR'})
    given, full = (_positives(protocol) for protocol in ('0.4left', 'full'))
    with TemporaryDirectory() as folder:
        cfg.work_dir = folder
        Runner.from_cfg(cfg).train()
        found = predict_dataset(cfg, f'{folder}/epoch_8.pth', 'test')
    rates = expected_rates(given, SCENES, given.sum() / full.sum())
    return HeldOut(found.scores, found.targets, {'share kept': rates})


def _positives(protocol: str) -> np.ndarray:
    dataset = DigitScenes(split='train', size=SCENES, protocol=protocol, pipeline=[])
    classes = [dataset.get_data_info(index)['gt_label'] for index in range(len(dataset))]
    return np.bincount(np.concatenate(classes), minlength=len(dataset.metainfo['classes']))


def _rates(given: np.ndarray, shares: dict[str, float]) -> dict[str, np.ndarray]:
    positives = (given == 1).sum(0)
    return {name: expected_rates(positives, len(given), kept) for name, kept in shares.items()}


def choices(held_out: HeldOut, goal: str) -> dict[str, Callable[..., Thresholds]]:
    """Return by name how thresholds are chosen from probabilities and labels."""
    tune = partial(tune_thresholds, goal=goal)
    found: dict[str, Callable[..., Thresholds]] = {
        'one for all': tune,
        'by class, shrinkage 20': partial(tune, per_class=True),
        'by class, shrinkage 5': partial(tune, per_class=True, shrinkage=5),
        'by class, no shrinkage': partial(tune, per_class=True, shrinkage=0),
        f'one for all, {REVIEWED:.0%} of the entries reviewed': lambda scores, labels: tune(
            scores, _reviewed(labels)
        ),
    }
    for name, rates in held_out.rates.items():
        for text, by_class in (('one for all', False), ('by class', True)):
            found[f'{text}, rates from {name}'] = lambda scores, _, r=rates, b=by_class: (
                tune_thresholds(scores, rates=r, per_class=b)
            )
    return found


def _reviewed(labels: np.ndarray) -> np.ndarray:
    known = np.random.default_rng(len(labels)).random(labels.shape) < REVIEWED
    return np.where(known, labels, -1)


def compare(held_out: HeldOut, goal: str, sizes: list[int], draws: int) -> None:
    """Print the score on held-out images of each choice, averaged over draws of labelled images."""
    name = {'micro_f1': 'OF1', 'macro_f1': 'CF1_classwise_mean'}[goal]
    rows: dict[str, list[str]] = {'0.5': []}
    checks = []
    for size in sizes:
        scores: dict[str, list[float]] = {}
        for seed in track(range(draws), f'{name}, {size} images'):
            part = np.random.default_rng(seed).permutation(len(held_out.labels))
            tuned, others = part[:size], part[size:]
            test = held_out.scores[others], held_out.labels[others]
            plain = multi_label_scores(*test, empty_classes='skip').summary[name]
            scores.setdefault('0.5', []).append(plain)
            for choice, tune in choices(held_out, goal).items():
                found = tune(held_out.scores[tuned], held_out.labels[tuned])
                reached = multi_label_scores(*test, found.values, empty_classes='skip').summary[
                    name
                ]
                scores.setdefault(choice, []).append(reached)
                if found.interval is not None and choice == 'by class, shrinkage 20':
                    checks.append((size, found, reached))
        for choice, values in scores.items():
            rows.setdefault(choice, []).append(f'{np.mean(values):.1f}')
    print(f'\n{name}\n| thresholds | ' + ' | '.join(f'{size:,} images' for size in sizes) + ' |')
    print('|---' * (len(sizes) + 1) + '|')
    for choice, cells in rows.items():
        print(f'| {choice} | ' + ' | '.join(cells) + ' |')
    for size in sizes:
        mine = [(found, reached) for n, found, reached in checks if n == size]
        own, promised = (
            np.mean([getattr(f, name) for f, _ in mine]) for name in ('score', 'cross_fitted')
        )
        held_out_score = np.mean([score for _, score in mine])
        covered = np.mean(
            [low <= s <= high for f, s in mine for low, high in [f.interval or (0, 0)]]
        )
        print(
            f'by class, shrinkage 20, {size:,} images: {own:.1f} on these images, cross-fitted '
            f'{promised:.1f}, held out {held_out_score:.1f}, inside the interval {covered:.0%}'
        )


def wanted_precision(held_out: HeldOut, sizes: list[int], draws: int) -> None:
    """Print the precision reached where 80 % was wanted in each class."""
    for per_class in (False, True):
        cells = []
        for size in sizes:
            reached = []
            for seed in range(draws):
                part = np.random.default_rng(seed).permutation(len(held_out.labels))
                tuned, others = part[:size], part[size:]
                found = tune_thresholds(
                    held_out.scores[tuned],
                    held_out.labels[tuned],
                    goal='precision',
                    wanted=WANTED,
                    per_class=per_class,
                    bootstrap=1,
                )
                test = held_out.scores[others], held_out.labels[others]
                result = multi_label_scores(*test, found.values, empty_classes='skip').summary
                reached.append((result['OP'], result['OR']))
            op, recall = np.mean(reached, axis=0)
            cells.append(f'{op:.1f}, {recall:.1f}')
        print(f'| {"by class" if per_class else "one for all"} | ' + ' | '.join(cells) + ' |')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('source', choices=['photos', 'digits'])
    parser.add_argument('--images', type=int, nargs='+', default=[50, 100, 300, 600, 2000])
    parser.add_argument('--draws', type=int, default=10)
    args = parser.parse_args()
    held_out = photos() if args.source == 'photos' else digits()
    print(f'{len(held_out.labels):,} held-out images')
    for goal in ('micro_f1', 'macro_f1'):
        compare(held_out, goal, args.images, args.draws)
    print(f'\nprecision and recall over all entries, precision of {WANTED:.0f} % wanted')
    wanted_precision(held_out, args.images, args.draws)


if __name__ == '__main__':
    main()
