"""A simulated review of the training set of a config, whose full labels are known."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from ..apis.network import Progress, load_network
from ..datasets.full_labels import FullLabels
from ..datasets.targets import target_of
from ..files import atomic_write
from ..runtime.unwrap import unwrap_dataset_config
from .output_cache import cached_outputs
from .simulation import RANDOM, Material, in_order, simulate_review
from .simulation_report import draw, table
from .training_table import TrainingLabels


def simulate_audit(
    cfg: Config,
    labels: TrainingLabels,
    probabilities: np.ndarray,
    full_labels: Mapping[str, Any],
    folder: str | os.PathLike[str],
    *,
    checkpoint: str | None = None,
    order: str = 'alternating',
    cache: str | os.PathLike[str],
    progress: Progress = iter,
) -> str:
    """Write ``simulation.json``, ``simulation.md`` and ``simulation.png``; return the table.

    A reviewer who makes no mistake decides about the first proposals, and about random images for
    comparison. Then a linear classifier on features of the network is trained and validated.

    Args:
        cfg: Config of the training, with ``val_dataloader``.
        labels: Its training labels.
        probabilities: Probability of presence, (N, C).
        full_labels: Changes to the training set that give the full labels, such as
            ``{'ann_file': 'train_full.txt'}``, as for ``LabelRecoveryHook``.
        folder: Folder for the files; it is made.
        checkpoint: Network of the features; None for the pretrained weights of the config.
        order: Order of the proposals.
        cache: Folder of cached features.
        progress: Function that shows progress over the trainings, and over batches of images.

    Raises:
        OSError: If a file cannot be written.
        ValueError: If images have no full labels, or none is missing.
    """
    complete = _complete(cfg, labels, full_labels)
    model = load_network(cfg, checkpoint)
    validation = DATASETS.build(cfg.val_dataloader.dataset)
    features, val_features = (
        cached_outputs(cache, model, cfg, dataset, 'features', progress)
        for dataset in (labels.dataset, validation)
    )
    number = len(labels.table.classes)
    val_labels = np.stack(
        [target_of(validation.get_data_info(row), number) for row in range(len(validation))]
    )
    material = Material(features, labels.table.dense(), complete, val_features, val_labels)
    choosers = {name: in_order(name) for name in (order, RANDOM)}
    rows = simulate_review(material, probabilities, choosers=choosers, progress=progress)

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = table(rows)
    with atomic_write(folder / 'simulation.json', 'w') as file:
        json.dump(rows, file, indent=1)
    with atomic_write(folder / 'simulation.md', 'w') as file:
        file.write(text + '\n')
    draw(rows, folder / 'simulation.png')
    return text


def _complete(cfg: Config, labels: TrainingLabels, changes: Mapping[str, Any]) -> np.ndarray:
    config = unwrap_dataset_config(cfg.train_dataloader.dataset)
    full = FullLabels(labels.dataset, config, changes)
    samples = [SimpleNamespace(sample_idx=row) for row in range(len(labels.table))]
    complete: np.ndarray = full.of(samples).numpy()
    return complete
