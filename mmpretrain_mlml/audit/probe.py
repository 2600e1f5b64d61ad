"""Probabilities that did not see the label: a linear classifier on features, fitted out of fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ..labels import LabelTable
from ..losses.protocols import set_epoch
from .label_blocks import Labels, shape_of

FOLDS, BATCH_SIZE = 4, 64
EPOCHS, STEPS = 6, 500  # at least
LEARNING_RATE, PENALTY = 1e-3, 1e-2
ROWS = 4096  # that are predicted or counted together


def out_of_fold_probabilities(
    features: np.ndarray, labels: Labels, *, folds: int = FOLDS, seed: int = 0
) -> np.ndarray:
    """Fit a linear classifier on all folds but one and predict that one, for each fold.

    The classifier is trained with binary cross-entropy, Adam and one cycle of the learning rate;
    unobserved entries count as absent, verified absences too.

    Args:
        features: Features of the images, (N, D), finite.
        labels: 1 for present, 0 and -1 for anything else, (N, C), or a table of them.
        folds: Number of folds, in [2, N].
        seed: Seed of the folds and of the order of the images.

    Returns:
        Probability of presence, (N, C), float32.

    Raises:
        ValueError: If the shapes do not fit, a feature is not finite, or ``folds`` is out of range.
    """
    features, shape = np.asarray(features), shape_of(labels)
    if features.ndim != 2 or len(shape) != 2 or len(features) != shape[0]:
        raise ValueError(
            f'expected features (N, D) and labels (N, C), got {features.shape} and {shape}'
        )
    if not 2 <= folds <= len(features):
        raise ValueError(f'expected folds in [2, {len(features)}], got {folds}')
    if not np.isfinite(features).all():
        raise ValueError(
            f'expected finite features, got {(~np.isfinite(features)).sum()} that are not'
        )
    inputs = torch.from_numpy(np.asarray(features, np.float32))
    positives = Positives(labels)
    fold = np.random.default_rng(seed).permutation(len(features)) % folds
    probabilities = np.empty(shape, np.float32)
    for number in range(folds):
        probe = fit_probe(inputs, positives, np.flatnonzero(fold != number), seed)
        held_out = np.flatnonzero(fold == number)
        for rows in np.array_split(held_out, -(-len(held_out) // ROWS)):
            probabilities[rows] = probe.predict(inputs[rows])
    return probabilities


class Positives:
    """The observed positives of a table or a matrix, as targets of some rows.

    Args:
        labels: 1 for present, 0 and -1 for anything else, (N, C), or a table of them.
    """

    def __init__(self, labels: Labels) -> None:
        self.shape = shape_of(labels)
        self._dense: Tensor | None = None
        if not isinstance(labels, LabelTable):
            self._dense = torch.from_numpy(np.ascontiguousarray(np.asarray(labels) == 1))
            return
        table = labels.positives_only()
        self._offsets, self._indices = (
            table.offsets,
            torch.from_numpy(table.indices.astype(np.int64)),
        )

    def of(self, rows: Tensor) -> Tensor:
        """Return the targets of some rows, (n, C), float32."""
        if self._dense is not None:
            return self._dense[rows].float()
        targets = torch.zeros(len(rows), self.shape[1])
        for target, row in zip(targets, rows.tolist()):
            target[self._indices[self._offsets[row] : self._offsets[row + 1]]] = 1.0
        return targets

    def counts(self, rows: np.ndarray) -> Tensor:
        """Return the number of positives of each class among some rows, (C,), float32."""
        parts = torch.from_numpy(rows).split(ROWS)
        return torch.stack([self.of(part).sum(0) for part in parts]).sum(0)


@dataclass
class Probe:
    """A linear classifier on standardised features.

    Attributes:
        weight: Weights, (D, C).
        bias: Biases, (C,).
        mean: Mean of the features, (D,).
        deviation: Standard deviation of the features, (D,).
    """

    weight: Tensor
    bias: Tensor
    mean: Tensor
    deviation: Tensor

    def predict(self, features: Tensor) -> np.ndarray:
        """Return the probability of each class, (n, C), float32, of features (n, D)."""
        logits = torch.addmm(self.bias, (features - self.mean) / self.deviation, self.weight)
        probabilities: np.ndarray = logits.sigmoid().numpy()
        return probabilities


def fit_probe(
    features: Tensor,
    positives: Positives,
    rows: np.ndarray,
    seed: int,
    targets: Tensor | None = None,
    loss: nn.Module | None = None,
) -> Probe:
    """Fit a linear classifier on some rows.

    Args:
        features: Features of all images, (N, D).
        positives: Observed positives of all images.
        rows: Rows to train on.
        seed: Seed of the order of the images.
        targets: Three-valued labels for ``loss``, (N, C), int8; None for the positives.
        loss: Loss module, fed with the epoch; None for binary cross-entropy.
    """
    chosen = torch.from_numpy(rows)
    mean, deviation = _moments(features, chosen)
    weight = torch.zeros(features.size(1), positives.shape[1], requires_grad=True)
    share = (positives.counts(rows) + 1) / (len(rows) + 2)
    bias = torch.logit(share).requires_grad_()
    optimiser = torch.optim.Adam([weight, bias], LEARNING_RATE)
    steps_per_epoch = -(-len(rows) // BATCH_SIZE)
    epochs = max(EPOCHS, -(-STEPS // steps_per_epoch))
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, LEARNING_RATE, epochs * steps_per_epoch, pct_start=0.2, cycle_momentum=False
    )
    generator = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        if loss is not None:
            set_epoch(loss, epoch, epochs)
        for batch in torch.randperm(len(rows), generator=generator).split(BATCH_SIZE):
            batch_rows = chosen[batch]
            inputs = (features[batch_rows] - mean) / deviation
            logits = torch.addmm(bias, inputs, weight)
            target = positives.of(batch_rows) if targets is None else targets[batch_rows].float()
            if loss is None:
                cost = binary_cross_entropy_with_logits(logits, target, reduction='sum')
                cost = cost / len(batch)
            else:
                cost = loss(logits, target)
            cost = cost + PENALTY * weight.square().sum()
            optimiser.zero_grad()
            cost.backward()
            optimiser.step()
            scheduler.step()
    return Probe(weight.detach(), bias.detach(), mean, deviation)


def _moments(features: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of the features of some rows, (D,) each."""
    first, second = torch.zeros(2, features.size(1), dtype=torch.float64)
    shift = features[rows[:1]].double()  # near the mean, so that the squares do not cancel
    for part in rows.split(ROWS):
        values = features[part].double() - shift
        first += values.sum(0)
        second += values.square().sum(0)
    mean = first / len(rows)
    deviation = (second / len(rows) - mean.square()).clamp(min=0).sqrt() + 1e-3
    return (mean + shift[0]).float(), deviation.float()
