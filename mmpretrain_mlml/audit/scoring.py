"""Probabilities of the training images, from a probe, a network or a file."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from mmengine.config import Config

from ..apis.network import Progress, extract_features, load_network, predict_probabilities
from ..evaluation import Predictions
from .probe import out_of_fold_probabilities
from .training_table import TrainingLabels

SCORES = ('probe', 'checkpoint')


def score_training_images(
    cfg: Config,
    labels: TrainingLabels,
    *,
    scores: str = 'probe',
    checkpoint: str | None = None,
    predictions: str | os.PathLike[str] | None = None,
    seed: int = 0,
    progress: Progress = iter,
) -> np.ndarray:
    """Return the probability of each class for each training image, (N, C).

    Args:
        cfg: Config of the training.
        labels: Its training labels.
        scores: ``'probe'`` fits a linear classifier on features of the network out of fold, so that
            no score has seen the label; ``'checkpoint'`` takes the network's own probabilities.
        checkpoint: Weights of the network; None for the pretrained ones of the config.
        predictions: File of ``MultiLabelScores(out=...)``, instead of both.
        seed: Seed of the probe.
        progress: Function that shows progress over the batches.

    Raises:
        CheckpointError: If the checkpoint does not fit the config.
        ValueError: If ``scores`` is unknown, or the predictions are of other images or classes.
    """
    if predictions is not None:
        return _match(Predictions.load(predictions), labels, str(predictions))
    if scores not in SCORES:
        raise ValueError(f'unknown scores {scores!r}; expected one of {SCORES}')
    loader: dict[str, Any] = dict(cfg.get('val_dataloader') or cfg.test_dataloader)
    model = load_network(cfg, checkpoint)
    if scores == 'checkpoint':
        return predict_probabilities(model, labels.dataset, loader, progress)
    features = extract_features(model, labels.dataset, loader, progress)
    return out_of_fold_probabilities(features, labels.table.dense(), seed=seed)


def _match(predictions: Predictions, labels: TrainingLabels, path: str) -> np.ndarray:
    table = labels.table
    if tuple(predictions.classes) != table.classes:
        raise ValueError(
            f'{path} has {len(predictions.classes)} classes that are not the {len(table.classes)} of '
            'the config: expected predictions of a network with the same classes in the same order'
        )
    row_of = {name: row for row, name in enumerate(predictions.names)}
    prefix = str(getattr(labels.dataset, 'img_prefix', '')).rstrip('/')
    rows = []
    for name in table.names:
        row = row_of.get(name, row_of.get(f'{prefix}/{name}'))
        if row is None:
            raise ValueError(
                f'{path} has no image {name!r} of the training set: expected predictions of all '
                f'{len(table)} training images'
            )
        rows.append(row)
    return np.asarray(predictions.scores[rows])
