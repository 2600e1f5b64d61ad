"""Probabilities that did not see the label: a linear classifier on features, fitted out of fold."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

FOLDS, BATCH_SIZE = 4, 64
EPOCHS, STEPS = 6, 500  # at least
LEARNING_RATE, PENALTY = 1e-3, 1e-2


def out_of_fold_probabilities(
    features: np.ndarray, labels: np.ndarray, *, folds: int = FOLDS, seed: int = 0
) -> np.ndarray:
    """Fit a linear classifier on all folds but one and predict that one, for each fold.

    The classifier is trained with binary cross-entropy, Adam and one cycle of the learning rate;
    unobserved entries count as absent, verified absences too.

    Args:
        features: Features of the images, (N, D), finite.
        labels: 1 for present, 0 and -1 for anything else, (N, C).
        folds: Number of folds, in [2, N].
        seed: Seed of the folds and of the order of the images.

    Returns:
        Probability of presence, (N, C), float32.

    Raises:
        ValueError: If the shapes do not fit, a feature is not finite, or ``folds`` is out of range.
    """
    features, labels = np.asarray(features), np.asarray(labels)
    if features.ndim != 2 or labels.ndim != 2 or len(features) != len(labels):
        raise ValueError(
            f'expected features (N, D) and labels (N, C), got {features.shape} and {labels.shape}'
        )
    if not 2 <= folds <= len(features):
        raise ValueError(f'expected folds in [2, {len(features)}], got {folds}')
    if not np.isfinite(features).all():
        raise ValueError(
            f'expected finite features, got {(~np.isfinite(features)).sum()} that are not'
        )
    inputs = torch.from_numpy(np.asarray(features, np.float32))
    targets = torch.from_numpy((labels == 1).astype(np.float32))
    fold = np.random.default_rng(seed).permutation(len(features)) % folds
    probabilities = np.empty(labels.shape, np.float32)
    for number in range(folds):
        held_out = torch.from_numpy(fold == number)
        weight, bias, mean, deviation = _fit(inputs[~held_out], targets[~held_out], seed)
        logits = torch.addmm(bias, (inputs[held_out] - mean) / deviation, weight)
        probabilities[held_out.numpy()] = logits.sigmoid().numpy()
    return probabilities


def _fit(features: Tensor, targets: Tensor, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return weight (D, C), bias (C,), and the mean and deviation of the features (D,)."""
    mean, deviation = features.mean(0), features.std(0, correction=0) + 1e-3
    features = (features - mean) / deviation
    weight = torch.zeros(features.size(1), targets.size(1), requires_grad=True)
    share = (targets.sum(0) + 1) / (len(targets) + 2)
    bias = torch.logit(share).requires_grad_()
    optimiser = torch.optim.Adam([weight, bias], LEARNING_RATE)
    steps_per_epoch = -(-len(features) // BATCH_SIZE)
    epochs = max(EPOCHS, -(-STEPS // steps_per_epoch))
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, LEARNING_RATE, epochs * steps_per_epoch, pct_start=0.2, cycle_momentum=False
    )
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for batch in torch.randperm(len(features), generator=generator).split(BATCH_SIZE):
            logits = torch.addmm(bias, features[batch], weight)
            loss = binary_cross_entropy_with_logits(logits, targets[batch], reduction='sum')
            loss = loss / len(batch) + PENALTY * weight.square().sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            scheduler.step()
    return weight.detach(), bias.detach(), mean, deviation
