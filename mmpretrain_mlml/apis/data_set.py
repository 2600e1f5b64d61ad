"""Predictions for the validation or test set of a config, with its labels."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from ..checkpoints import check_trained_classes
from ..evaluation import Predictions
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
    loader: dict[str, Any] | None = cfg.get(f'{split}_dataloader')
    if loader is None:
        raise ValueError(f'the config has no {split}_dataloader, whose images are to be predicted')
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    model: Any = load_network(cfg, checkpoint)
    dataset = DATASETS.build(loader['dataset'])
    check_trained_classes(checkpoint, dataset.metainfo['classes'])
    with TemporaryDirectory() as folder, torch.inference_mode():
        path = Path(folder, 'predictions.npz')
        metric = MultiLabelScores(out=str(path))
        metric.dataset_meta = dataset.metainfo
        for batch in progress(batches_of(dataset, loader)):
            samples = model.test_step(batch)
            metric.process(batch, [sample.to_dict() for sample in samples])
        metric.evaluate(len(dataset))
        return Predictions.load(path)
