"""Whether the estimated number of missing labels is right: intervals of repeated draws.

For photographs and digit scenes with 40 % of the labels: entries are drawn many times, decided by a
reviewer who makes no mistake, and the estimates compared with the truth. The bound is the standard
error of the best design that knows how often entries of each probability are missing.

    PHOTOS_ROOT=data/photos python experiments/missing_estimate.py --repetitions 1200
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from probe import log_errors_only
from review_gain import read_material
from rich.progress import track
from sklearn.isotonic import IsotonicRegression

from mmpretrain_mlml.audit import (
    calibrate,
    draw_entries,
    estimate_missing,
    kept_share,
    missing_probability,
    out_of_fold_probabilities,
    propose,
)
from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.labels import LabelTable, drop_labels

COUNTS = (300, 1000)
SCENES = 4000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='JSON file for the results')
    parser.add_argument('--repetitions', type=int, default=200, help='draws of each size')
    args = parser.parse_args()
    results = []
    for source, read in (('digits', digits), ('photographs', photographs)):
        probabilities, labels, complete = read()
        missing = complete & (labels == -1)
        for count in COUNTS:
            row = repeat(probabilities, labels, missing, count, args.repetitions)
            results.append({'source': source, 'count': count, **row})
            print(results[-1], flush=True)
        share = kept_share(probabilities, labels)
        results.append(
            {'source': source, 'kept': share, 'yield': yields(probabilities, labels, missing)}
        )
        print(results[-1], flush=True)
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + '\n')


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return out-of-fold probabilities of a linear classifier on pixels, and labels."""
    scenes, full = make_scenes('train', SCENES)
    names, classes = list(map(str, range(SCENES))), list('0123456789')
    complete = LabelTable.from_positives(names, full, classes, 0).dense() == 1
    kept = drop_labels(names, full, '0.4left', 0)
    labels = LabelTable.from_positives(names, kept, classes).dense()
    return out_of_fold_probabilities(scenes.reshape(SCENES, -1), labels), labels, complete


def photographs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return out-of-fold probabilities of a linear classifier on features, and labels."""
    log_errors_only()
    material = read_material('0.4left', None)
    probabilities = out_of_fold_probabilities(material.features, material.labels)
    return probabilities, material.labels, material.complete


def repeat(
    probabilities: np.ndarray, labels: np.ndarray, missing: np.ndarray, count: int, times: int
) -> dict[str, Any]:
    """Return mean and standard deviation of the estimates, and how many intervals hold the truth."""
    truth = int(missing.sum())
    estimates = []
    for seed in track(range(times), f'{count} entries'):
        sample = draw_entries(probabilities, labels, count, seed=seed)
        estimates.append(estimate_missing(sample, missing[sample['image'], sample['class']]))
    numbers = np.array([estimate.missing for estimate in estimates])
    held = [estimate.low <= truth <= estimate.high for estimate in estimates]
    return {
        'missing': truth,
        'mean': float(numbers.mean() / truth),
        'deviation': float(numbers.std() / truth),
        'bound': bound(probabilities[labels == -1], missing[labels == -1], count),
        'coverage': float(np.mean(held)),
    }


def bound(probability: np.ndarray, missing: np.ndarray, count: int) -> float:
    """Return the smallest relative standard error of an estimate that sees the probability alone."""
    chance = IsotonicRegression(out_of_bounds='clip').fit_transform(probability, missing)
    return float(np.sqrt(chance * (1 - chance)).sum() / np.sqrt(count) / missing.sum())


def yields(
    probabilities: np.ndarray, labels: np.ndarray, missing: np.ndarray
) -> list[dict[str, int]]:
    """Return expected and true numbers of missing labels among the next proposals."""
    proposals = propose(probabilities, labels, round(0.03 * (labels == -1).sum()))
    right = missing[proposals['image'], proposals['class']]
    before = missing_probability(proposals['probability'], kept_share(probabilities, labels))
    rows = []
    for decided in (n for n in (0, 100, 300, 1000, 3000) if n < len(right)):
        expected = calibrate(before, np.arange(decided), right[:decided])[decided:]
        for k in (100, 1000, 3000, 10_000, len(expected)):
            if 0 < k <= len(expected):
                row = {'decided': decided, 'next': k, 'expected': round(expected[:k].sum())}
                rows.append({**row, 'true': int(right[decided : decided + k].sum())})
    return rows


if __name__ == '__main__':
    main()
