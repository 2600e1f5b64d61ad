"""Predictions of a trained model for images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.infer import BaseInferencer
from mmengine.registry import DefaultScope
from mmpretrain.registry import TRANSFORMS
from rich.progress import track
from torch import nn

from ..checkpoints import build_model, describe, read_weights
from ..evaluation import read_thresholds
from ..paths import config
from .images import each_image, pixels_of

ON_ERROR = ('report', 'stop')
_BROKEN = (OSError, ValueError, cv2.error)


@dataclass(frozen=True, eq=False)
class TaggedImage:
    """What a model says of an image.

    Attributes:
        name: Path of the image, or its number among the inputs if it is not a file.
        tags: Probability of each predicted class, by name, the most probable first.
        probabilities: Probability of each class, (C,), float32; None if the image is broken.
        error: Why the image could not be read; None if it could.
    """

    name: str
    tags: dict[str, float]
    probabilities: np.ndarray | None
    error: str | None = None


class MultiLabelInferencer(BaseInferencer):
    """Predict the tags of images with a trained model.

    Images take the test pipeline of the config, so probabilities are those of ``tools/test.py``.
    Weights are loaded as data, never as code; nothing is downloaded.

    Args:
        model: Path of a config, name of a shipped config, or a config.
        weights: Checkpoint file.
        thresholds: Decision threshold in [0, 1]; or one for each class, (C,); or a file of
            ``tools/tune_thresholds.py``. By default that of the test evaluator of the config.
        device: Device, such as ``'cuda:0'``; by default a GPU if there is one.
        show_progress: Whether to show a progress bar.

    Attributes:
        classes: C class names.
        thresholds: Threshold of each class, (C,), float64.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        CheckpointError: If the weights do not fit the config.
        ValueError: If the weights are missing, thresholds are for other classes, or classes and
            outputs differ in number.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Config,
        weights: str | os.PathLike[str] | None = None,
        thresholds: float | Sequence[float] | np.ndarray | str | os.PathLike[str] | None = None,
        device: str | None = None,
        show_progress: bool = True,
    ) -> None:
        if weights is None:
            raise ValueError('expected weights, a checkpoint file of the model, got None')
        cfg = model if isinstance(model, Config) else Config.fromfile(_config_file(model))
        scope = cfg.get('default_scope') or 'mmpretrain'
        with DefaultScope.overwrite_default_scope(scope):
            super().__init__(cfg, str(weights), device, scope, show_progress)
            about = describe(cfg, size=(0, 0))
        self.classes: tuple[str, ...] = tuple(about['classes'])
        outputs = getattr(self.model.head, 'num_classes', len(self.classes))
        if outputs != len(self.classes):
            raise ValueError(
                f'the model has {outputs} outputs, but the test set of the config {len(self.classes)} '
                'classes'
            )
        given = about['thresholds'] if thresholds is None else thresholds
        self.thresholds = _thresholds(given, self.classes)

    def __call__(
        self, inputs: Any, batch_size: int = 16, on_error: str = 'report'
    ) -> list[TaggedImage]:
        """Predict the tags of all images.

        Args:
            inputs: File, folder (with its subfolders), pattern such as ``'photos/*.jpg'``, array in
                the order of OpenCV, picture of Pillow, or an iterable of these.
            batch_size: Number of images that the network sees at a time.
            on_error: ``'report'`` gives a broken image a result with ``error``; ``'stop'`` raises it.

        Returns:
            A result for each image, in order.

        Raises:
            ValueError: If an image is broken and ``on_error`` is ``'stop'``, a folder holds no
                images, a pattern matches nothing, or an argument is unknown.
        """
        results = self.stream(inputs, batch_size, on_error)
        if self.show_progress:
            results = iter(track(results, description='images', total=None))
        return list(results)

    def stream(
        self, inputs: Any, batch_size: int = 16, on_error: str = 'report'
    ) -> Iterator[TaggedImage]:
        """Yield the result of each image; no more than a batch is in memory.

        Arguments and errors are those of a call.
        """
        if on_error not in ON_ERROR:
            raise ValueError(f'unknown on_error {on_error!r}; expected one of {ON_ERROR}')
        if batch_size < 1:
            raise ValueError(f'expected batch_size >= 1, got {batch_size}')
        images = each_image(inputs)
        while batch := list(islice(images, batch_size)):
            yield from self._predict(batch, on_error)

    def _predict(self, batch: Sequence[tuple[str, Any]], on_error: str) -> list[TaggedImage]:
        loaded, errors = [], {}
        for number, (name, image) in enumerate(batch):
            try:
                loaded.append(self.pipeline(image))
            except _BROKEN as error:
                if on_error == 'stop':
                    raise ValueError(f'{name} cannot be read: {error}') from error
                errors[number] = str(error)
        samples = self.forward(self.collate_fn(loaded)) if loaded else []
        scores = iter([sample.pred_score.float().cpu().numpy() for sample in samples])
        return [
            TaggedImage(name, {}, None, errors[number])
            if number in errors
            else self._tagged(name, next(scores))
            for number, (name, _) in enumerate(batch)
        ]

    def _tagged(self, name: str, scores: np.ndarray) -> TaggedImage:
        order = np.argsort(-scores, kind='stable')
        chosen = [index for index in order.tolist() if scores[index] > self.thresholds[index]]
        return TaggedImage(name, {self.classes[i]: float(scores[i]) for i in chosen}, scores)

    def _init_model(self, cfg: Any, weights: str, device: str = 'cpu') -> nn.Module:
        return build_model(cfg, read_weights(weights), weights).to(torch.device(device))

    def _init_pipeline(self, cfg: Any) -> Any:
        steps = cfg.test_dataloader.dataset.pipeline
        loads = [step for step in steps if str(step['type']).rpartition('.')[2].startswith('Load')]
        channels = len(cfg.model.data_preprocessor.mean)
        colour = 'grayscale' if channels == 1 else 'color'
        load = loads or [{'type': 'mmpretrain_mlml.LoadWholeImage', 'color_type': colour}]
        from_file = Compose([TRANSFORMS.build(step) for step in load])
        rest = Compose([TRANSFORMS.build(step) for step in steps if step not in loads])

        def prepare(image: Any) -> Any:
            if isinstance(image, Path):
                if not image.is_file():
                    raise FileNotFoundError(f'no such file: {image}')
                return rest(from_file({'img_path': str(image)}))
            pixels = pixels_of(image, channels)
            return rest(
                {'img': pixels, 'img_shape': pixels.shape[:2], 'ori_shape': pixels.shape[:2]}
            )

        return prepare

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


def _config_file(model: str | os.PathLike[str]) -> str:
    return str(model) if Path(model).is_file() else str(config(str(model)))


def _thresholds(given: Any, classes: Sequence[str]) -> np.ndarray:
    if isinstance(given, str | os.PathLike):
        return read_thresholds(given, classes)[0]
    values = np.asarray(given, np.float64)
    if values.shape not in ((), (len(classes),)) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            f'expected a threshold in [0, 1], or one for each of {len(classes)} classes, got {given!r}'
        )
    return np.broadcast_to(values, len(classes)).copy()
