"""The labels that a config trains on, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from PIL import Image

from ..datasets.full_labels import image_names
from ..datasets.pictures import open_picture, picture_file
from ..datasets.table_dataset import TableDataset, TableSamples
from ..datasets.targets import target_of
from ..labels import LabelTable, TextArray
from ..labels.label_table import UNOBSERVED
from ..runtime.unwrap import unwrap_dataset_config


@dataclass(frozen=True)
class TrainingLabels:
    """Training set of a config, loaded as for validation.

    Attributes:
        dataset: The images with the pipeline of the validation set.
        table: Labels after dropping, with the image names of the label file where it has some.
        zeros_verified: Whether a 0 in the labels of the config was a verified absence.
    """

    dataset: BaseDataset
    table: LabelTable
    zeros_verified: bool

    def file_of(self, row: int) -> Path | None:
        """Return the file of an image, None if images are in memory."""
        return picture_file(self.dataset, row)

    def open_image(self, row: int) -> Image.Image:
        """Return the picture of an image.

        Raises:
            OSError: If its file cannot be read.
        """
        return open_picture(self.dataset, row)


def training_labels(cfg: Config) -> TrainingLabels:
    """Build the training set of a config and return its labels.

    If some label is unobserved (-1), a 0 is a verified absence and stays one. In labels of 1 and 0
    alone, the published setting, nobody verified a 0: it becomes unobserved.

    Args:
        cfg: Config with ``train_dataloader`` and ``val_dataloader`` or ``test_dataloader``.

    Raises:
        ValueError: If the config has no validation pipeline, several training sets, or no class names.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    loader = cfg.get('val_dataloader') or cfg.get('test_dataloader')
    if loader is None:
        raise ValueError(
            'the config has no val_dataloader: expected one, whose pipeline loads the images'
        )
    pipeline = unwrap_dataset_config(loader.dataset)['pipeline']
    config = unwrap_dataset_config(cfg.train_dataloader.dataset)
    if 'datasets' in config:
        raise ValueError(
            f'the training set is a {config["type"]} of several data sets: expected one; audit each '
            'part with a config of its own'
        )
    dataset = DATASETS.build({**config, 'pipeline': pipeline, 'test_mode': True})
    classes = dataset.metainfo.get('classes')
    if not classes:
        raise ValueError(f'{type(dataset).__name__} has no class names: expected metainfo classes')
    table = _table(dataset, tuple(classes))
    verified = table.has_unobserved
    if not verified:
        table = table.positives_only()
    return TrainingLabels(dataset, table, verified)


def _table(dataset: Any, classes: tuple[str, ...]) -> LabelTable:
    if isinstance(dataset, TableDataset):
        dataset.full_init()
        samples: TableSamples = dataset.data_list
        return samples.chosen(samples.table)
    named = hasattr(dataset, 'complete_labels')
    names = dataset.complete_labels().names if named else image_names(dataset)
    rows, indices, values = [], [], []
    for row in range(len(dataset)):
        target = target_of(dataset.get_data_info(row), len(classes))
        listed = np.flatnonzero(target != UNOBSERVED)
        rows.append(len(listed))
        indices.append(listed)
        values.append(target[listed])
    return LabelTable(
        TextArray.from_strings(names),
        classes,
        np.cumsum([0, *rows]),
        np.concatenate(indices).astype(np.int32),
        np.concatenate(values).astype(np.int8),
        UNOBSERVED,
        source=str(getattr(dataset, 'ann_file', '')),
    )
