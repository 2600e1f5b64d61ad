"""The description of a model for users of its exported form: classes, thresholds and input."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from ..evaluation.thresholds import ABOUT
from ..runtime.thresholds import resolve_thresholds
from ..runtime.type_name import type_name
from ..version import __version__

RESIZING = ('Resize', 'SmoothResize')
PACKING = ('PackInputs', 'PackPlanes')
STORED = 'the checkpoint'


def describe(
    cfg: Config,
    size: Sequence[int] | None = None,
    *,
    thresholds: Any = None,
    stored: Any = None,
    scores: Any = None,
) -> dict[str, Any]:
    """Return what is needed to use a model: classes, thresholds, input and output, ready for JSON.

    Args:
        cfg: Config of the model. Its annotation files need not exist.
        size: Height and width of the input, in pixels; None for those of the test pipeline.
        thresholds: A number, a number for each class, or a file, in place of those of config and
            checkpoint.
        stored: Thresholds that the checkpoint holds, of
            :func:`~mmpretrain_mlml.checkpoints.read_stored_thresholds`; the config comes first.
        scores: Scores that the checkpoint was validated with, its ``meta['scores']``.

    Raises:
        ValueError: If ``size`` is None and the test pipeline does not resize to a fixed scale, or the
            thresholds are for other classes.
    """
    classes = class_names(cfg)
    chosen = resolve_thresholds(classes, cfg, given=thresholds, stored=stored, model=STORED)
    preprocessor = preprocessor_config(cfg)
    mean, std = preprocessor.get('mean') or [0.0] * 3, preprocessor.get('std') or [1.0] * 3
    colours = 'gray' if len(mean) == 1 else 'BGR'
    steps = [step.to_dict() for step in cfg.test_dataloader.dataset.pipeline]
    pipeline = json.loads(json.dumps(steps))  # JSON turns tuples into lists
    resize = next((step for step in pipeline if type_name(step) in RESIZING), None)
    return {
        'classes': classes,
        'thresholds': chosen.values.tolist(),
        'thresholds_from': chosen.source,
        'input': {
            'name': 'image',
            'size': list(size or _size(pipeline)),
            'pipeline': [step for step in pipeline if type_name(step) not in PACKING],
            'resize': resize and resize_name(resize),
            'channels': 'RGB' if preprocessor.get('to_rgb') else colours,
            'mean': list(mean),
            'std': list(std),
        },
        'output': {
            'name': 'probability',
            'shape': ['N', len(classes)],
            'range': [0, 1],
            # of each class by itself; the linear layer of a safetensors file gives logits
            'activation': 'sigmoid',
            'activation_inside': {'onnx': True, 'safetensors': False},
        },
        'model': {
            'backbone': cfg.model.backbone.get('model_name', cfg.model.backbone.type),
            'config': Path(cfg.filename).name if cfg.filename else None,
        },
        'validated': {
            'checkpoint': _numbers(scores),  # at 0.5, when it was saved
            'thresholds': _tuning(stored) if chosen.source == STORED else None,
            'files': {},
        },
        'mmpretrain_mlml': __version__,
    }


def class_names(cfg: Config) -> list[str]:
    """Return the class names of the test set of a config. Its annotation files need not exist.

    Raises:
        ValueError: If they are in a table that is not there.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'lazy_init': True})
    if dataset.CLASSES is None:
        raise ValueError(
            'the class names of the test set are not known: its table is missing, and the config has '
            'no test_dataloader.dataset.classes'
        )
    return list(dataset.CLASSES)


def _numbers(scores: Any) -> dict[str, float] | None:
    """Return the scores among the meta data of a checkpoint, which may hold anything."""
    if not isinstance(scores, Mapping):
        return None
    return {str(key): float(one) for key, one in scores.items() if isinstance(one, int | float)}


def _tuning(stored: Any) -> dict[str, Any]:
    """Return how stored thresholds were tuned: goal, scores and number of images."""
    return {key: stored[key] for key in (*ABOUT, 'images') if key in stored}


def preprocessor_config(cfg: Config) -> Any:
    """Return the config of the preprocessor, which MMPretrain's own configs keep beside the model."""
    return cfg.model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}


def resize_name(step: Mapping[str, Any]) -> str:
    """Return how a step resizes, as ``predict.py`` knows it.

    Args:
        step: A ``Resize`` or ``SmoothResize`` of a pipeline.

    Returns:
        ``'pytorch'`` for bilinear with PyTorch's rounding, otherwise an interpolation of Pillow.
    """
    interpolation: str = step.get('interpolation', 'bilinear')
    return 'pytorch' if has_torch_backend(step) and interpolation == 'bilinear' else interpolation


def has_torch_backend(step: Mapping[str, Any]) -> bool:
    """Return whether a step is a ``SmoothResize`` with the backend of PyTorch, its default."""
    return type_name(step) == 'SmoothResize' and step.get('backend', 'torch') == 'torch'


def _size(pipeline: Sequence[dict]) -> Sequence[int]:
    """Return height and width of the images that a pipeline produces."""
    for step in pipeline:
        if type_name(step) in RESIZING and 'scale' in step:
            scale = step['scale']
            width, height = (scale, scale) if isinstance(scale, int) else scale
            return height, width
    raise ValueError('the test pipeline has no Resize with a scale; give the size of the input')
