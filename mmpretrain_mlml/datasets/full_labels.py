from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS
from torch import Tensor

from ..runtime.unwrap import unwrap_dataset_config, unwrap_single_dataset

SHOWN = 8  # names in a message


class FullLabels:
    """The classes that training images truly show, looked up by sample.

    Args:
        dataset: What is trained on; wrappers are fine.
        config: Of that data set, or of a wrapper of it.
        changes: Merged into the config, they make it give the full labels.

    Raises:
        ValueError: Images have no name, the classes differ, a training image has no full labels, or
            they hold unknown entries; names the images.
    """

    def __init__(
        self, dataset: BaseDataset, config: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> None:
        dataset = unwrap_single_dataset(dataset, 'full_labels finds labels by sample')
        full = _build(config, changes)
        if full.metainfo['classes'] != dataset.metainfo['classes']:
            raise ValueError(
                f'full_labels has the classes {_some(full.metainfo["classes"])}, the training set '
                f'{_some(dataset.metainfo["classes"])}; expected the same'
            )
        names = image_names(full)
        rows = {name: row for row, name in enumerate(names)}
        wanted = image_names(dataset)
        missing = [name for name in wanted if name not in rows]
        if missing:
            raise ValueError(
                f'full_labels={dict(changes)} has no labels of {len(missing)} of {len(wanted)} '
                f'training images: {_some(missing)}; it has {len(names)}, such as '
                f'{_some(names[:2])}. Images are matched by name (img_path)'
            )
        self._classes = len(dataset.metainfo['classes'])
        self._labels = [_present(full, rows[name], name) for name in wanted]

    def of(self, samples: Iterable[Any]) -> Tensor:
        """Which classes the samples of a batch show, (N, C), bool.

        Raises:
            ValueError: A sample does not say which it is.
        """
        try:
            labels = [self._labels[sample.sample_idx] for sample in samples]
        except AttributeError as error:
            raise ValueError(
                'the samples of a batch carry no sample_idx, by which their full labels are found; '
                'PackInputs must keep it among its meta_keys'
            ) from error
        found = np.zeros((len(labels), self._classes), bool)
        found[np.repeat(np.arange(len(labels)), [*map(len, labels)]), np.concatenate(labels)] = True
        return torch.from_numpy(found)


def image_names(dataset: BaseDataset) -> list[str]:
    """The names of the images of a data set, in the order of its samples.

    Raises:
        ValueError: They have none.
    """
    if len(dataset) and 'img_path' not in dataset.get_data_info(0):
        if hasattr(dataset, 'complete_labels'):
            return dataset.complete_labels().names
        raise ValueError(
            f'the samples of {type(dataset).__name__} have no img_path to know them by'
        )
    return [dataset.get_data_info(index)['img_path'] for index in range(len(dataset))]


def _present(dataset: BaseDataset, row: int, name: str) -> np.ndarray:
    info = dataset.get_data_info(row)
    if 'gt_score' not in info:
        return np.asarray(info['gt_label'], np.int64)
    score = np.asarray(info['gt_score'])
    if (score < 0).any():
        raise ValueError(f'full_labels holds unknown entries of {name}; expected all of them known')
    return np.flatnonzero(score > 0)


def _build(config: Mapping[str, Any], changes: Mapping[str, Any]) -> BaseDataset:
    merged = Config({'dataset': dict(unwrap_dataset_config(config))})
    merged.merge_from_dict({'dataset': {**changes, 'pipeline': []}})
    return DATASETS.build(merged.dataset)


def _some(names: Sequence[str]) -> str:
    more = f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
    return ', '.join(map(str, names[:SHOWN])) + more
