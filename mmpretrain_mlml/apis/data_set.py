"""Predictions for the validation or test set of a config, with its labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from ..checkpoints import check_trained_classes
from ..evaluation import Predictions
from ..metrics.collected import join
from ..metrics.multi_label_scores import MultiLabelScores
from .network import Progress, batches_of, load_network


def predict_dataset(
    cfg: Config, checkpoint: str, split: str = 'val', progress: Progress = iter
) -> Predictions:
    """Return probabilities and labels of a data set, as the evaluation of a runner sees them.

    Args:
        cfg: Config of the model.
        checkpoint: Checkpoint file. It is loaded as data, never as code.
        split: ``'val'`` or ``'test'``: whose data loader of the config is used.
        progress: Function that shows progress over the batches.

    Raises:
        CheckpointError: If the checkpoint does not fit the config, or was trained on other classes.
        ValueError: If the config has no such data loader.
    """
    dataset, loader = dataset_of(cfg, split)
    model: Any = load_network(cfg, checkpoint)
    check_trained_classes(checkpoint, dataset.metainfo['classes'])
    return collect_predictions(model.test_step, dataset, loader, progress)


def dataset_of(cfg: Config, split: str) -> tuple[BaseDataset, dict[str, Any]]:
    """Return the data set of a split, and the config of its loader.

    Raises:
        ValueError: If the config has no such data loader.
    """
    loader: dict[str, Any] | None = cfg.get(f'{split}_dataloader')
    if loader is None:
        raise ValueError(f'the config has no {split}_dataloader, whose images are to be predicted')
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    return DATASETS.build(loader['dataset']), loader


def collect_predictions(
    step: Callable[[Any], Sequence[Any]],
    dataset: BaseDataset,
    loader: dict[str, Any],
    progress: Progress = iter,
    images: int | None = None,
) -> Predictions:
    """Return the predictions for a data set, batch by batch.

    Args:
        step: Function that gives a batch, as the loader packs it, its predicted samples.
        dataset: Images.
        loader: Config of the loader.
        progress: Function that shows progress over the batches.
        images: Number of images after which to stop, at the end of a batch; None for all.
    """
    count = len(dataset) if images is None else min(images, len(dataset))
    metric, done = MultiLabelScores(), 0
    with torch.inference_mode():
        for batch in progress(batches_of(dataset, loader)):
            samples = step(batch)
            metric.process(batch, [sample.to_dict() for sample in samples])
            done += len(samples)
            if done >= count:
                break
    found = join([slab.images() for slab in metric.results])
    scores, targets, names = (array[:count] for array in found)
    return Predictions(scores, targets, names, np.array(dataset.metainfo['classes']))
