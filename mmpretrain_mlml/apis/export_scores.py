"""Scores of exported models on the data sets of a config, and the images that calibrate 8 bits."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from ..evaluation import Predictions, multi_label_scores
from ..runtime.unwrap import split_dataset_config
from .data_set import collect_predictions, dataset_of
from .exported_network import network_input, open_session, predict_batch
from .network import Progress, batches_of


def predict_exported(
    cfg: Config,
    file: str | os.PathLike[str],
    info: Mapping[str, Any],
    images: int | None = None,
    split: str = 'test',
    progress: Progress = iter,
) -> Predictions:
    """Return probabilities of an ONNX file, and labels, for the images of a data set.

    Args:
        cfg: Config of the model.
        file: File of :func:`~mmpretrain_mlml.checkpoints.export_onnx`.
        info: Content of ``model.json``.
        images: Number of images, the first ones; None for all.
        split: ``'val'`` or ``'test'``: whose data loader of the config is used.
        progress: Function that shows progress over the batches.

    Raises:
        ValueError: If the config has no such data loader.
    """
    path = Path(file)
    step = partial(predict_batch, open_session(path.read_bytes(), path), info)
    dataset, loader = dataset_of(cfg, split)
    return collect_predictions(step, dataset, loader, progress, images)


def calibration_batches(cfg: Config, info: Mapping[str, Any], images: int) -> Iterator[np.ndarray]:
    """Yield training images, one at a time, as an exported network takes them.

    Args:
        cfg: Config of the model.
        info: Content of ``model.json``.
        images: Number of images, the first ones of the first training set.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    of_test = cfg.test_dataloader.dataset
    training = deepcopy(next(iter(split_dataset_config(cfg.train_dataloader.dataset))))
    dataset = DATASETS.build({**training, 'pipeline': of_test.pipeline, 'test_mode': True})
    for number, batch in enumerate(batches_of(dataset, {'batch_size': 1})):
        if number == images:
            return
        yield network_input(batch['inputs'], info)


def scores_of(predictions: Predictions, info: Mapping[str, Any]) -> dict[str, float]:
    """Return the scores of predictions at the thresholds of ``model.json``, in percent."""
    thresholds = np.array(info['thresholds'])
    return multi_label_scores(predictions.scores, predictions.targets, thresholds).summary
