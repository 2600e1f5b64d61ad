"""A backbone by its name, with what follows from it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from torch import nn

from .code_text import Variable
from .errors import ProjectError

SIZE = 'image_size'  # variable of the config


@dataclass(frozen=True)
class Backbone:
    """A backbone and what follows from it.

    Attributes:
        name: Its name in MMPretrain or timm.
        config: Config of the backbone; a :class:`Variable` stands for the image size.
        neck: Config of the neck, None for none.
        width: Number of features of an image.
        mean: Mean of the pixel values by channel, in [0, 255].
        std: Standard deviation of the pixel values by channel.
        to_rgb: Whether channels are turned from BGR to RGB.
        image_size: Side of the images, in pixels.
        interpolation: How images are resized.
    """

    name: str
    config: dict[str, Any]
    neck: dict[str, Any] | None
    width: int
    mean: list[float]
    std: list[float]
    to_rgb: bool
    image_size: int
    interpolation: str


def find_backbone(name: str, pretrained: bool = True, image_size: int | None = None) -> Backbone:
    """Find a network of timm or of MMPretrain's model zoo.

    Feature width, normalisation and size come from the network itself.

    Args:
        name: Its name, as ``timm.list_models()`` or ``mmpretrain.list_models()`` lists it.
        pretrained: Whether it is to start from its pretrained weights.
        image_size: Side of the images in pixels; None for the size of its pretraining.

    Raises:
        ProjectError: If there is no such network, with the nearest names; if it is no image
            classifier, has no pretrained weights or does not take images of this size.
    """
    from .timm_backbone import timm_backbone, timm_has, timm_names
    from .zoo_backbone import zoo_backbone, zoo_names

    if timm_has(name):
        return timm_backbone(name, pretrained, image_size)
    known = zoo_names()
    if name.lower() in known:
        return zoo_backbone(name.lower(), pretrained, image_size)
    near = difflib.get_close_matches(name.lower(), [*known, *timm_names()], 3)
    hint = f'nearest: {", ".join(near)}' if near else 'timm.list_models() lists them'
    raise ProjectError(
        f'--backbone {name}: MMPretrain and timm have no network of this name; {hint}'
    )


def width_of(name: str, config: dict[str, Any], neck: dict[str, Any] | None, size: int) -> int:
    """Return the number of features of an image, which a forward pass without numbers finds out.

    Args:
        name: Name of the network, for messages.
        config: Config of the backbone.
        neck: Config of the neck.
        size: Side of the images.

    Raises:
        ProjectError: If it does not take images of this size, or gives no feature vector.
    """
    config = {
        key: _with_size(value, size)
        for key, value in config.items()
        if key not in ('init_cfg', 'pretrained')
    }
    try:
        features = _forward('meta', config, neck, size)
    except (RuntimeError, AssertionError, ValueError):  # NotImplementedError is a RuntimeError
        try:  # some constructors compute with numbers
            features = _forward('cpu', config, neck, size)
        except (RuntimeError, AssertionError, ValueError) as error:
            reason = ' '.join(str(error).split())[:200]
            raise ProjectError(
                f'--backbone {name}: images of {size} x {size} do not go through it ({reason}); try '
                'another --image-size'
            ) from error
    if isinstance(features, (tuple, list)):
        features = features[-1]
    if not isinstance(features, torch.Tensor) or features.ndim != 2:
        found = tuple(getattr(features, 'shape', ())) or type(features).__name__
        raise ProjectError(f'--backbone {name}: got {found}; expected one feature vector an image')
    return features.shape[1]


def _with_size(value: Any, size: int) -> Any:
    """Return the value with the image size in the place of its variable."""
    if isinstance(value, tuple):
        return tuple(_with_size(part, size) for part in value)
    return size if isinstance(value, Variable) else value


def _forward(device: str, config: dict[str, Any], neck: dict[str, Any] | None, size: int) -> Any:
    with torch.device(device), torch.no_grad(), DefaultScope.overwrite_default_scope('mmpretrain'):
        parts: list[nn.Module] = [MODELS.build(part) for part in (config, neck) if part]
        features: Any = torch.zeros(2, 3, size, size)
        for part in parts:
            part.eval()
            features = part(features)
    return features
