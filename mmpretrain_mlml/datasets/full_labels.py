"""Full labels of training images, for comparison with what a loss recovers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS
from torch import Tensor

from ..printable import NAME, first_few
from ..runtime.unwrap import unwrap_dataset_config, unwrap_single_dataset
from .targets import target_of


class FullLabels:
    """Full labels of a training set, looked up by sample.

    Args:
        dataset: Training set, possibly wrapped.
        config: Config of the training set, possibly of its wrapper.
        changes: Changes to the config that give the full labels.

    Raises:
        ValueError: If images have no name, the classes differ, training images have no full labels,
            or full labels are unobserved. The message names the images.
    """

    def __init__(
        self, dataset: BaseDataset, config: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> None:
        dataset = unwrap_single_dataset(dataset, 'full_labels finds labels by sample')
        full = _build(config, changes)
        classes = dataset.metainfo['classes']
        if full.metainfo['classes'] != classes:
            others = first_few(full.metainfo['classes'], width=NAME)
            raise ValueError(
                f'full_labels has the classes {others}, the training set '
                f'{first_few(classes, width=NAME)}; expected the same'
            )
        self._num_classes = len(classes)
        names, full_names = image_names(dataset), image_names(full)
        row_of = {name: row for row, name in enumerate(full_names)}
        missing = [name for name in names if name not in row_of]
        if missing:
            raise ValueError(
                f'full_labels={dict(changes)} has no labels of {len(missing)} of {len(names)} '
                f'training images: {first_few(missing)}; it has {len(full_names)}, such as '
                f'{first_few(full_names[:2])}. Images are matched by name (img_path)'
            )
        self._labels = [self._positives(full, row_of[name], name) for name in names]

    def of(self, samples: Iterable[Any]) -> Tensor:
        """Return which classes the images of a batch show, (N, C), bool.

        Args:
            samples: N samples with ``sample_idx``.

        Raises:
            ValueError: If a sample has no ``sample_idx``.
        """
        try:
            labels = [self._labels[sample.sample_idx] for sample in samples]
        except AttributeError as error:
            raise ValueError(
                'the samples of a batch carry no sample_idx, by which their full labels are found; '
                'PackInputs must keep it among its meta_keys'
            ) from error
        present = np.zeros((len(labels), self._num_classes), bool)
        rows = np.repeat(np.arange(len(labels)), [len(indices) for indices in labels])
        present[rows, np.concatenate(labels)] = True
        return torch.from_numpy(present)

    def _positives(self, dataset: BaseDataset, row: int, name: str) -> np.ndarray:
        target = target_of(dataset.get_data_info(row), self._num_classes)
        if (target < 0).any():
            raise ValueError(f'full_labels has unobserved entries in {name}; expected none')
        return np.flatnonzero(target > 0)


def image_names(dataset: BaseDataset) -> list[str]:
    """Return the names of the images of a data set, in the order of its samples.

    Raises:
        ValueError: If they have none.
    """
    if len(dataset) and 'img_path' not in dataset.get_data_info(0):
        if hasattr(dataset, 'complete_labels'):
            return dataset.complete_labels().names
        raise ValueError(
            f'the samples of {type(dataset).__name__} have no img_path, by which images are matched'
        )
    return [dataset.get_data_info(index)['img_path'] for index in range(len(dataset))]


def _build(config: Mapping[str, Any], changes: Mapping[str, Any]) -> BaseDataset:
    merged = Config({'dataset': dict(unwrap_dataset_config(config))})
    merged.merge_from_dict({'dataset': {**changes, 'pipeline': []}})
    return DATASETS.build(merged.dataset)
