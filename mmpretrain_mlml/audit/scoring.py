"""Probabilities of the training images, from a probe, fold trainings, networks or a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from mmengine.config import Config

from ..apis.network import Progress, load_network
from ..checkpoints import check_trained_classes
from ..evaluation import Predictions
from .folds import fold_probabilities
from .output_cache import cached_outputs
from .prediction_file import match_predictions
from .probe import FOLDS, out_of_fold_probabilities
from .training_table import TrainingLabels

SCORES = ('probe', 'folds', 'checkpoint')


def score_training_images(
    cfg: Config,
    labels: TrainingLabels,
    *,
    scores: str = 'probe',
    checkpoint: str | Sequence[str] | None = None,
    predictions: str | os.PathLike[str] | None = None,
    folds: int = FOLDS,
    jobs: int = 1,
    seed: int = 0,
    cache: str | os.PathLike[str] | None = None,
    progress: Progress = iter,
) -> np.ndarray:
    """Return the probability of each class for each training image, (N, C).

    Args:
        cfg: Config of the training.
        labels: Its training labels.
        scores: ``'probe'`` fits a linear classifier on features of the network out of fold, so that
            no score has seen the label; ``'folds'`` trains the config on all folds but one and scores
            that one; ``'checkpoint'`` takes the network's own probabilities, which have seen the
            labels if it was trained on them.
        checkpoint: Weights of the network, or of several, of whose scores the mean is taken; None for
            the pretrained ones of the config.
        predictions: File of ``MultiLabelScores(out=...)``, instead of all this.
        folds: Number of folds of the probe and of the trainings.
        jobs: Number of trainings at a time.
        seed: Seed of the folds.
        cache: Folder of features, probabilities and fold trainings, by which a call resumes an earlier
            one; None to keep nothing, which ``'folds'`` does not allow.
        progress: Function that shows progress over the batches.

    Raises:
        CheckpointError: If a checkpoint does not fit the config.
        RunsFailed: If a fold training failed.
        ValueError: If ``scores`` is unknown, arguments do not go together, a checkpoint is of other
            classes, or the predictions are of other images or classes.
    """
    if predictions is not None:
        return match_predictions(Predictions.load(predictions), labels, str(predictions))
    if scores not in SCORES:
        raise ValueError(f'unknown scores {scores!r}; expected one of {SCORES}')
    checkpoints = [checkpoint] if isinstance(checkpoint, str) else list(checkpoint or ())
    if scores == 'folds':
        if checkpoints or cache is None:
            raise ValueError(
                'folds trains the networks that it scores with: expected a cache folder and no '
                f'checkpoint, got cache={cache!r} and {checkpoints}'
            )
        how: dict[str, Any] = {'folds': folds, 'jobs': jobs, 'seed': seed, 'progress': progress}
        return fold_probabilities(cfg, labels, Path(cache), **how)
    if scores == 'checkpoint' and not checkpoints:
        raise ValueError('scores of a checkpoint: expected a checkpoint, got none')
    total: np.ndarray | None = None
    files: list[str | None] = [*checkpoints] or [None]
    for file in files:
        if file is not None and scores == 'checkpoint':
            check_trained_classes(file, labels.table.classes)
        model = load_network(cfg, file)
        with TemporaryDirectory() if cache is None else nullcontext(cache) as folder:
            kind = 'features' if scores == 'probe' else 'probabilities'
            outputs = cached_outputs(folder, model, cfg, labels.dataset, kind, progress)
        if scores == 'probe':
            outputs = out_of_fold_probabilities(outputs, labels.table, folds=folds, seed=seed)
        total = outputs if total is None else total + outputs
    assert total is not None
    return total / np.float32(len(files))
