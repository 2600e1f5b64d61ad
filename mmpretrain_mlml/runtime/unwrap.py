"""Models, data sets and their configs without the wrappers around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.dataset import ConcatDataset
from mmengine.model import is_model_wrapper
from torch import nn


def unwrap_model(model: nn.Module) -> Any:
    """Return the model inside its wrappers, such as ``MMDistributedDataParallel``.

    Args:
        model: A model, or a wrapper known to MMEngine's ``MODEL_WRAPPERS``, nested to any depth.
    """
    inner: Any = model
    while is_model_wrapper(inner):
        inner = inner.module
    return inner


def unwrap_dataset(dataset: Any) -> Any:
    """Return the data set inside its wrappers, such as ``RepeatDataset``.

    A ``ConcatDataset`` is returned as it is, because it holds several data sets.
    """
    while hasattr(dataset, 'dataset'):
        dataset = dataset.dataset
    return dataset


def unwrap_single_dataset(dataset: Any, reason: str) -> Any:
    """Return the data set inside its wrappers, in which ``sample_idx`` is unique.

    Args:
        dataset: A data set, or a wrapper of one.
        reason: Why one data set is needed, for the error message.

    Raises:
        ValueError: If there are several data sets, in a ``ConcatDataset``.
    """
    dataset = unwrap_dataset(dataset)
    if isinstance(dataset, ConcatDataset):
        raise ValueError(
            f'{reason}: expected one data set, got a ConcatDataset, which numbers the samples of each '
            'of its parts from 0'
        )
    return dataset


def unwrap_dataset_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the config of the data set inside the config of a wrapper, such as ``RepeatDataset``."""
    while 'dataset' in config:
        config = config['dataset']
    return config


def split_dataset_config(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the config of each data set inside wrappers, such as ``ConcatDataset``."""
    config = unwrap_dataset_config(config)
    if 'datasets' in config:
        for part in config['datasets']:
            yield from split_dataset_config(part)
    else:
        yield config
