"""Predictions of a trained model for images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.infer import BaseInferencer
from mmengine.registry import DefaultScope
from rich.progress import track
from torch import nn

from ..checkpoints import (
    build_model,
    check_fit,
    read_weights,
)
from .explanation import Explainer, Explanation
from .exported_network import ExportedNetwork
from .images import each_image
from .loading import Loaded, Preparation, in_batches, load_batches
from .model_source import check_head, classes_and_thresholds, find_model
from .tagged_image import TaggedImage

ON_ERROR = ('report', 'stop')


class MultiLabelInferencer(BaseInferencer):
    """Predict the tags of images with a trained model.

    Images take the test pipeline of the config, so probabilities are those of ``tools/test.py``.
    Weights are loaded as data, never as code; nothing is downloaded.

    Args:
        model: Path of a config; name of a shipped config; a config; folder of ``tools/export.py``,
            whose ``model.onnx`` is run by onnxruntime; or a network that knows its config, such as
            ``mmpretrain.get_model`` returns, which is used itself, in evaluation mode.
        weights: Checkpoint file, or ``model.safetensors``. None if ``model`` has weights of its own.
        thresholds: Decision threshold in [0, 1]; or one for each class, (C,); or a file of
            ``tools/tune_thresholds.py``. By default those of the config, or else of the checkpoint.
        device: Device, such as ``'cuda:0'``; by default that of the network, or else a GPU if there is
            one.
        show_progress: Whether to show a progress bar.

    Attributes:
        classes: C class names.
        thresholds: Threshold of each class, (C,), float64.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        CheckpointError: If the weights do not fit the config.
        ValueError: If the weights are missing, thresholds are for other classes, or the head is not
            one for several labels, or has another number of outputs than there are classes.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Config | nn.Module,
        weights: str | os.PathLike[str] | None = None,
        thresholds: float | Sequence[float] | np.ndarray | str | os.PathLike[str] | None = None,
        device: str | None = None,
        show_progress: bool = True,
    ) -> None:
        cfg, self._given = find_model(model, device)
        if isinstance(self._given, ExportedNetwork):
            device = 'cpu'  # of its tensors; onnxruntime has the device
            if weights is not None:
                raise ValueError(f'{model} is an exported folder, which has its own weights')
        elif weights is None and self._given is None:
            raise ValueError('expected weights, a checkpoint file of the model, got None')
        elif device is None and self._given is not None:
            device = str(next(self._given.parameters()).device)
        scope = cfg.get('default_scope') or 'mmpretrain'
        with DefaultScope.overwrite_default_scope(scope):
            super().__init__(cfg, None if weights is None else str(weights), device, scope)
            found = classes_and_thresholds(cfg, self._given, weights, thresholds)
        self.classes, self.thresholds = found
        self._explainer: Explainer | None = None
        self.show_progress = show_progress
        check_head(self.model, len(self.classes))

    def __call__(
        self,
        inputs: Any,
        batch_size: int = 16,
        on_error: str = 'report',
        topk: int | None = None,
        workers: int = 0,
    ) -> list[TaggedImage]:
        """Predict the tags of all images.

        Args:
            inputs: File, folder (with its subfolders), pattern such as ``'photos/*.jpg'``, array in
                the order of OpenCV, picture of Pillow, or an iterable of these.
            batch_size: Number of images that the network sees at a time.
            on_error: ``'report'`` gives a broken image a result with ``error``; ``'stop'`` raises it.
            topk: Number of tags of each image, the most probable ones; replaces the thresholds.
            workers: Number of processes that load images; 0 loads them in this one.

        Returns:
            A result for each image, in order.

        Raises:
            ValueError: If an image is broken and ``on_error`` is ``'stop'``, a folder holds no
                images, a pattern matches nothing, or an argument is unknown or out of range.
        """
        results = self.stream(inputs, batch_size, on_error, topk, workers)
        if self.show_progress:
            known = isinstance(inputs, Sized) and not isinstance(inputs, str | np.ndarray)
            total = len(inputs) if known else None
            results = iter(track(results, description='images', total=total))
        return list(results)

    def stream(
        self,
        inputs: Any,
        batch_size: int = 16,
        on_error: str = 'report',
        topk: int | None = None,
        workers: int = 0,
    ) -> Iterator[TaggedImage]:
        """Yield the result of each image; a few batches are in memory.

        Arguments and errors are those of a call.
        """
        if batch_size < 1:
            raise ValueError(f'expected batch_size >= 1, got {batch_size}')
        batches = in_batches(each_image(inputs), batch_size)
        for results in self.predict_batches(batches, on_error, topk, workers):
            yield from results

    def predict_batches(
        self,
        batches: Iterable[list[tuple[str, Any]]],
        on_error: str = 'report',
        topk: int | None = None,
        workers: int = 0,
    ) -> Iterator[list[TaggedImage]]:
        """Return an iterator over the results of batches that are made already.

        Args:
            batches: Batches of images, each a name and a path, an array or a picture.
            on_error: As for a call.
            topk: As for a call.
            workers: As for a call.
        """
        if on_error not in ON_ERROR:
            raise ValueError(f'unknown on_error {on_error!r}; expected one of {ON_ERROR}')
        if topk is not None and not 1 <= topk <= len(self.classes):
            raise ValueError(f'expected topk from 1 to {len(self.classes)}, got {topk}')
        if workers < 0:
            raise ValueError(f'expected workers >= 0, got {workers}')
        loaded = load_batches(batches, self.pipeline, workers)
        return (self._predict(batch, on_error, topk) for batch in loaded)

    def explain(self, image: Any, tags: Sequence[str] | None = None) -> Explanation:
        """Return class activation maps: where in an image the evidence for its tags lies.

        Args:
            image: File, array in the order of OpenCV, or picture of Pillow.
            tags: Names of classes; by default the tags that are predicted.

        Raises:
            ImportError: If the package ``grad-cam`` is missing.
            ValueError: If the image is broken, a tag is unknown, or there is more than one image.
        """
        ((_, given),) = each_image(image)
        if tags is None:
            tags = list(next(self.stream([given], on_error='stop')).tags)
        return self.explainer()(self.pipeline(given), tags)

    def explainer(self) -> Explainer:
        """Return what computes the maps of packed images, as the pipeline gives them."""
        if self._explainer is None:
            self._explainer = Explainer(self.model, self.classes)
        return self._explainer

    def _predict(self, batch: list[Loaded], on_error: str, topk: int | None) -> list[TaggedImage]:
        for one in batch:
            if one.error is not None and on_error == 'stop':
                raise ValueError(f'{one.name} cannot be read: {one.error}')
        whole = [one.packed for one in batch if one.error is None]
        samples = self.forward(self.collate_fn(whole)) if whole else []
        scores = iter([sample.pred_score.float().cpu().numpy() for sample in samples])
        return [
            TaggedImage(one.name, {}, None, one.error)
            if one.error is not None
            else self._tagged(one.name, next(scores), topk)
            for one in batch
        ]

    def _tagged(self, name: str, scores: np.ndarray, topk: int | None) -> TaggedImage:
        if len(scores) != len(self.classes):
            raise ValueError(f'the model has {len(scores)} outputs for {len(self.classes)} classes')
        order = np.argsort(-scores, kind='stable').tolist()
        above = [index for index in order if scores[index] > self.thresholds[index]]
        chosen = above if topk is None else order[:topk]
        return TaggedImage(name, {self.classes[i]: float(scores[i]) for i in chosen}, scores)

    def _init_model(self, cfg: Any, weights: str | None, device: str = 'cpu') -> nn.Module:
        if self._given is None:
            assert weights is not None
            return build_model(cfg, read_weights(weights), weights).to(torch.device(device))
        if weights is not None:
            state = read_weights(weights)
            check_fit(state, self._given, weights)
            self._given.load_state_dict(state)
        return self._given.eval().to(torch.device(device))

    def _init_pipeline(self, cfg: Any) -> Preparation:
        return Preparation(cfg)

    def _init_collate(self, cfg: Any) -> Any:
        return pseudo_collate

    def _init_visualizer(self, cfg: Any) -> None:
        return None

    def visualize(self, inputs: Any, preds: Any, show: bool = False, **kwargs: Any) -> Any:
        """Draw nothing: results are tags."""

    def postprocess(
        self, preds: Any, visualization: Any, return_datasample: bool = False, **kwargs: Any
    ) -> Any:
        """Return the predictions unchanged."""
        return preds
