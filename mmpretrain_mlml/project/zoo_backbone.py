"""Networks of MMPretrain's model zoo."""

from __future__ import annotations

import inspect
from typing import Any

from mmpretrain.apis.model import ModelHub, list_models
from mmpretrain.registry import MODELS

from .backbone import SIZE, Backbone, width_of
from .code_text import Variable
from .errors import ProjectError


def zoo_names() -> list[str]:
    """Return the names of all networks, in lower case."""
    return [name.lower() for name in list_models()]


def zoo_backbone(name: str, pretrained: bool, image_size: int | None) -> Backbone:
    """Return the backbone of a network of the zoo. The config of the zoo says what it needs.

    Args:
        name: Name of the network.
        pretrained: Whether it is to start from the weights of the zoo.
        image_size: Side of the images; None for that of the config.

    Raises:
        ProjectError: As :func:`find_backbone`.
    """
    info = ModelHub.get(name)
    cfg = info.config
    model = cfg.model.to_dict()
    if model['type'] != 'ImageClassifier':
        raise ProjectError(
            f'--backbone {name}: got a {model["type"]}; expected a network that classifies images'
        )
    config: dict[str, Any] = model['backbone']
    if pretrained and not info.weights:
        raise ProjectError(
            f'--backbone {name}: MMPretrain has no weights for it; --no-pretrained starts from random '
            'ones'
        )
    if pretrained:
        config['init_cfg'] = {
            'type': 'Pretrained',
            'checkpoint': info.weights,
            'prefix': 'backbone',
        }
    size = image_size or _size(name, cfg)
    taken = inspect.signature(MODELS.get(config['type'])).parameters.get('img_size')
    if taken is not None:
        sides = isinstance(config.get('img_size', taken.default), (tuple, list))
        config['img_size'] = (Variable(SIZE),) * 2 if sides else Variable(SIZE)
    pixels = model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}
    return Backbone(
        name=name,
        config=config,
        neck=model.get('neck'),
        width=width_of(name, config, model.get('neck'), size),
        mean=list(pixels.get('mean', [0.0, 0.0, 0.0])),
        std=list(pixels.get('std', [255.0, 255.0, 255.0])),
        to_rgb=bool(pixels.get('to_rgb', False)),
        image_size=size,
        interpolation=_last(cfg, 'interpolation') or 'bilinear',
    )


def _size(name: str, cfg: Any) -> int:
    size = _last(cfg, 'crop_size') or _last(cfg, 'scale')
    if isinstance(size, (tuple, list)):
        size = size[0]
    if not isinstance(size, int):
        raise ProjectError(f'--backbone {name}: its config names no image size; give --image-size')
    return size


def _last(cfg: Any, key: str) -> Any:
    """Return an argument of the last transform of the zoo's test pipeline that has it."""
    pipeline = cfg.get('test_pipeline') or []
    return next((step[key] for step in reversed(pipeline) if key in step), None)
