"""What decisions about missing labels are worth: a linear classifier on photographs.

A reviewer who makes no mistake decides about the first proposals of `mmpretrain_mlml.audit`; the
classifier is trained again with the decisions (`mmpretrain_mlml.audit.simulation`, which is also
what `tools/audit_labels.py --simulate` runs). Makes docs/review_gain.png and its data.

    PHOTOS_ROOT=data/photos python experiments/review_gain.py --seeds 2 \
        --out docs/results/review_gain.json --figure docs/review_gain.png

With cleanlab (`pip install cleanlab`), `--orders` may name it. `--images 2500` takes the first 2,500
photographs, `--rounds 3` divides the decisions among three rounds, after each of which the
photographs are scored anew.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from probe import log_errors_only, read_photos, standardise
from rich.progress import track

from mmpretrain_mlml import BCE, SPLC, Hill
from mmpretrain_mlml.audit import simulation, simulation_report

ORDERS = ('alternating', 'probability', 'balanced', simulation.RANDOM)
LOSSES = {
    'BCE': lambda: BCE(unknown='negative'),
    'Hill': lambda: Hill(unknown='unobserved'),
    'SPLC': lambda: SPLC(unknown='unobserved'),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='JSON file for all scores')
    parser.add_argument('--figure', type=Path, help='PNG file for the figure')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; train nothing')
    parser.add_argument('--seeds', type=int, default=3, help='number of seeds (default: 3)')
    parser.add_argument('--labels', default='0.4left', help='label list (default: 0.4left)')
    parser.add_argument('--images', type=int, help='number of photographs; all by default')
    parser.add_argument('--orders', nargs='+', default=ORDERS, help='of these, and cleanlab')
    parser.add_argument('--losses', nargs='+', default=tuple(LOSSES), choices=tuple(LOSSES))
    parser.add_argument('--shares', type=float, nargs='+', default=simulation.SHARES)
    parser.add_argument('--rounds', type=int, default=1, help='rounds of review (default: 1)')
    args = parser.parse_args()
    if args.data:
        rows: list[dict[str, Any]] = json.loads(args.data.read_text())
    else:
        log_errors_only()
        rows = simulation.simulate_review(
            read_material(args.labels, args.images),
            choosers={order: chooser(order) for order in args.orders},
            shares=args.shares,
            losses={loss: LOSSES[loss] for loss in args.losses},
            seeds=args.seeds,
            rounds=args.rounds,
            progress=partial(track, description='trainings'),
        )
    print(simulation_report.table(rows))
    if args.out:
        args.out.write_text(json.dumps(rows, indent=1) + '\n')
    if args.figure:
        simulation_report.draw(rows, args.figure)


def read_material(name: str, images: int | None) -> simulation.Material:
    """Return the photographs under PHOTOS_ROOT with a label list."""
    photos = standardise(read_photos())
    part = slice(images)
    return simulation.Material(
        photos.train[part].numpy(),
        np.where(photos.labels[name][part].numpy() == 1, 1, -1),
        photos.labels['full'][part].numpy() == 1,
        photos.val.numpy(),
        photos.val_labels,
    )


def chooser(order: str) -> simulation.Chooser:
    """Return what chooses entries in an order of the package, or in that of cleanlab."""
    return _cleanlab if order == 'cleanlab' else simulation.in_order(order)


def _cleanlab(
    probabilities: np.ndarray, labels: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Take the entries of the worst label quality, adjusted by class as confident learning does."""
    from cleanlab.rank import get_label_quality_scores

    quality = np.ones(labels.shape)
    for c in range(labels.shape[1]):
        p = probabilities[:, c].astype(np.float64)
        quality[:, c] = get_label_quality_scores(
            (labels[:, c] == 1).astype(int),
            np.stack([1 - p, p], 1),
            method='normalized_margin',
            adjust_pred_probs=True,
        )
    quality[labels != -1] = np.inf  # observed positives and verified absences are no candidates
    first = np.argsort(quality, axis=None, kind='stable')[:count]
    images, classes = np.divmod(first, labels.shape[1])
    return images, classes


if __name__ == '__main__':
    main()
