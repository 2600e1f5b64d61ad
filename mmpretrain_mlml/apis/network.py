"""Features and probabilities of a network on the images of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.device import get_device
from mmpretrain.registry import MODELS
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..checkpoints import build_model, read_weights

Progress = Callable[[Iterable[Any]], Iterable[Any]]


def load_network(cfg: Config, checkpoint: str | None) -> nn.Module:
    """Return the model of a config in evaluation mode, on the default device.

    Args:
        cfg: Config of the model.
        checkpoint: Checkpoint file; None for the pretrained weights that the config names.

    Raises:
        CheckpointError: If the file does not fit the model.
        ValueError: If neither a file nor pretrained weights are named.
    """
    if checkpoint is not None:
        model = build_model(cfg, read_weights(checkpoint), checkpoint)
    else:
        backbone = cfg.model.backbone
        if not (backbone.get('init_cfg') or backbone.get('pretrained')):
            raise ValueError(
                'the config starts from random weights, whose features say nothing: give a CHECKPOINT'
            )
        model = MODELS.build(cfg.model)
        model.init_weights()
    return model.eval().to(get_device())


def extract_features(
    model: Any, dataset: BaseDataset, loader: dict[str, Any], progress: Progress = iter
) -> np.ndarray:
    """Return what the network passes to its classifier, (N, D), float32.

    Args:
        model: Network with ``extract_feat``.
        dataset: Images, with a pipeline that ends with ``PackInputs``.
        loader: Batch size and number of workers, as in ``val_dataloader``.
        progress: Function that shows progress over the batches.
    """
    return np.concatenate(list(output_batches(model, dataset, loader, 'features', progress)))


def predict_probabilities(
    model: Any, dataset: BaseDataset, loader: dict[str, Any], progress: Progress = iter
) -> np.ndarray:
    """Return the probability of each class, (N, C), float32. Arguments as for features."""
    return np.concatenate(list(output_batches(model, dataset, loader, 'probabilities', progress)))


def output_batches(
    model: Any,
    dataset: BaseDataset,
    loader: dict[str, Any],
    kind: str,
    progress: Progress = iter,
    start: int = 0,
) -> Iterator[np.ndarray]:
    """Yield features or probabilities batch by batch, (n, D) or (n, C), float32.

    Args:
        model: Network.
        dataset: Images, with a pipeline that ends with ``PackInputs``.
        loader: Batch size and number of workers, as in ``val_dataloader``.
        kind: ``'features'`` or ``'probabilities'``.
        progress: Function that shows progress over the batches.
        start: Number of images to skip at the beginning.
    """
    compute = _COMPUTE[kind]
    with torch.inference_mode():
        for batch in progress(batches_of(dataset, loader, start)):
            data = model.data_preprocessor(batch, False)
            yield compute(model, data['inputs'], data['data_samples']).float().cpu().numpy()


def batches_of(dataset: BaseDataset, loader: dict[str, Any], start: int = 0) -> DataLoader:
    """Return a data loader over the images of a data set, in their order.

    Args:
        dataset: Images.
        loader: Batch size and number of workers, as in ``val_dataloader``.
        start: Number of images to skip at the beginning.
    """
    return DataLoader(
        dataset,
        loader.get('batch_size', 64),
        sampler=range(start, len(dataset)),
        num_workers=loader.get('num_workers', 0),
        collate_fn=pseudo_collate,
    )


def _features(model: Any, inputs: Tensor, samples: list[Any]) -> Tensor:
    output = model.extract_feat(inputs)
    last = output[-1] if isinstance(output, list | tuple) else output
    if isinstance(last, list | tuple):  # class token beside the patches
        last = last[-1]
    return last.flatten(2).mean(2) if last.dim() > 2 else last


def _probabilities(model: Any, inputs: Tensor, samples: list[Any]) -> Tensor:
    predicted = model(inputs, samples, mode='predict')
    return torch.stack([sample.pred_score for sample in predicted])


_COMPUTE = {'features': _features, 'probabilities': _probabilities}
