"""What a review would bring: right decisions, and a classifier trained after them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ..evaluation import multi_label_scores
from ..losses.bce import BCE
from ..losses.hill import Hill
from .orders import ORDERS
from .probe import Positives, fit_probe, out_of_fold_probabilities
from .proposals import propose

SHARES = (0.006, 0.015, 0.03)  # of the unobserved entries
LOSSES: dict[str, Callable[[], nn.Module]] = {
    'BCE': lambda: BCE(unknown='negative'),
    'Hill': lambda: Hill(unknown='unobserved'),
}
RANDOM = 'random images'
# Takes probabilities, labels and a number of decisions; returns images and classes to decide about.
Chooser = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Material:
    """What a simulation works on.

    Attributes:
        features: Features of the training images, (N, D).
        labels: Their incomplete labels: 1 present, 0 absent, -1 unobserved, (N, C).
        complete: Whether each class is present, (N, C), bool.
        val_features: Features of the validation images, (M, D).
        val_labels: Their labels, (M, C).
    """

    features: np.ndarray
    labels: np.ndarray
    complete: np.ndarray
    val_features: np.ndarray
    val_labels: np.ndarray

    def __post_init__(self) -> None:
        if self.labels.shape != self.complete.shape:
            raise ValueError(
                f'expected labels and full labels of one shape, got {self.labels.shape} and '
                f'{self.complete.shape}'
            )


def in_order(order: str) -> Chooser:
    """Return what chooses the first proposals of an order, or whole images at random.

    Raises:
        ValueError: If the order is unknown.
    """
    if order == RANDOM:
        return _random_images
    if order not in ORDERS:
        raise ValueError(f'unknown order {order!r}; expected one of {(*ORDERS, RANDOM)}')
    return partial(_first_proposals, order)


def simulate_review(
    material: Material,
    probabilities: np.ndarray | None = None,
    *,
    choosers: Mapping[str, Chooser],
    shares: Sequence[float] = SHARES,
    losses: Mapping[str, Callable[[], nn.Module]] = LOSSES,
    seeds: int = 1,
    rounds: int = 1,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> list[dict[str, Any]]:
    """Decide about entries in several orders, train a linear classifier after each, and score it.

    Args:
        material: Features and labels.
        probabilities: Probability of presence that the orders see, (N, C); None for a linear
            classifier out of fold. With several rounds that is also what later rounds see.
        choosers: What chooses the entries, by the name of the order.
        shares: Numbers of decisions, as shares of the unobserved entries, ascending.
        losses: Functions that make the losses, by name. They get labels in which rejected entries
            are 0 and undecided ones -1.
        seeds: Number of trainings of each kind.
        rounds: Number of rounds, after each of which the images are scored anew.
        progress: Function that shows progress over the trainings.

    Returns:
        A row for no decisions (``order`` ``'none'``), for each order and share, and for all labels
        (``'all labels'``), by loss: ``order``, ``share``, ``decisions``, ``found`` (share of the
        missing labels), ``loss``, and ``mAP`` and ``OF1`` by seed, in percent.
    """
    labels = material.labels
    missing = int((material.complete & (labels == -1)).sum())
    unobserved = int((labels == -1).sum())
    if not missing:
        raise ValueError('no label is missing: the full labels are those of the training set')
    if probabilities is None:
        probabilities = out_of_fold_probabilities(material.features, labels)
    settings = [('none', 0.0, 0, labels)]
    for order, choose in choosers.items():
        for share in shares:
            count = round(share * unobserved)
            reviewed = review(material, probabilities, choose, count, rounds)
            settings.append((order, share, count, reviewed))
    settings.append(('all labels', 1.0, unobserved, material.complete.astype(np.int8)))

    rows: list[dict[str, Any]] = []
    for (order, share, count, reviewed), loss in progress(
        [(s, n) for s in settings for n in losses]
    ):
        found = (material.complete & (labels == -1) & (reviewed == 1)).sum() / missing
        scores = [_scores(material, reviewed, losses[loss](), seed) for seed in range(seeds)]
        mAP, OF1 = (list(column) for column in zip(*scores))
        row = {'order': order, 'share': share, 'decisions': count, 'found': float(found)}
        rows.append({**row, 'loss': loss, 'mAP': mAP, 'OF1': OF1})
    return rows


def review(
    material: Material, probabilities: np.ndarray, choose: Chooser, count: int, rounds: int = 1
) -> np.ndarray:
    """Return the labels after right decisions about chosen entries, (N, C), int8.

    Args:
        material: Features and labels.
        probabilities: Probability of presence that the first round sees, (N, C).
        choose: What chooses the entries.
        count: Number of decisions.
        rounds: Number of rounds among which they are divided.
    """
    labels = material.labels.astype(np.int8)
    for number in range(rounds):
        if number:
            probabilities = out_of_fold_probabilities(material.features, labels)
        share = count * (number + 1) // rounds - count * number // rounds
        images, classes = choose(probabilities, labels, share)
        labels[images, classes] = material.complete[images, classes]
    return labels


def _scores(
    material: Material, labels: np.ndarray, loss: nn.Module, seed: int
) -> tuple[float, float]:
    """Return mAP and OF1 of a linear classifier on the validation images, in percent."""
    features = torch.from_numpy(np.asarray(material.features, np.float32))
    targets = torch.from_numpy(labels.astype(np.int8))
    rows = np.arange(len(labels))
    probe = fit_probe(features, Positives(labels), rows, seed, targets, loss)
    predicted = probe.predict(torch.from_numpy(np.asarray(material.val_features, np.float32)))
    summary = multi_label_scores(predicted, material.val_labels).summary
    return summary['mAP'], summary['OF1']


def _first_proposals(
    order: str, probabilities: np.ndarray, labels: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    proposals = propose(probabilities, labels, count, order=order)
    return proposals['image'], proposals['class']


def _random_images(
    probabilities: np.ndarray, labels: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return all unobserved entries of one random image after the other."""
    images, classes = np.nonzero(labels == -1)
    rank = np.random.default_rng(0).permutation(len(labels))
    first = np.argsort(rank[images], kind='stable')[:count]
    return images[first], classes[first]
