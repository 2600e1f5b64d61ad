"""Networks of timm."""

from __future__ import annotations

from typing import Any

from .backbone import SIZE, Backbone, width_of
from .code_text import Variable
from .errors import ProjectError


def timm_names() -> list[str]:
    """Return the names of all networks."""
    import timm

    names: list[str] = timm.list_models()
    return names


def timm_has(name: str) -> bool:
    """Return whether timm has a network of this name; a tag of weights must exist, too."""
    import timm

    if not timm.is_model(name):
        return False
    _, _, tag = name.partition('.')
    return not tag or name in timm.list_pretrained(f'{name.partition(".")[0]}.*')


def timm_backbone(name: str, pretrained: bool, image_size: int | None) -> Backbone:
    """Return a network of timm. Its ``pretrained_cfg`` says what it needs.

    Args:
        name: Name of the network.
        pretrained: Whether it is to start from its pretrained weights.
        image_size: Side of the images; None for that of its pretraining.

    Raises:
        ProjectError: As :func:`find_backbone`.
    """
    import timm

    about = timm.get_pretrained_cfg(name)
    if about is None:
        raise ProjectError(
            f'--backbone {name}: timm does not say what images it takes; try another network'
        )
    if pretrained and not about.has_weights:
        raise ProjectError(
            f'--backbone {name}: timm has no weights for it; --no-pretrained starts from random ones'
        )
    size = image_size or about.input_size[-1]
    config: dict[str, Any] = {
        'type': 'mmpretrain_mlml.TimmFeatures',
        'model_name': name,
        'pretrained': pretrained,
    }
    if about.fixed_input_size:
        config['img_size'] = Variable(SIZE)
    try:
        width = width_of(name, config, None, size)
    except TypeError:  # of a fixed size, and without this argument
        if config.pop('img_size', None) is None:
            raise
        width = width_of(name, config, None, size)
    return Backbone(
        name=name,
        config=config,
        neck=None,
        width=width,
        mean=[round(255 * value, 3) for value in about.mean],
        std=[round(255 * value, 3) for value in about.std],
        to_rgb=True,
        image_size=size,
        interpolation=about.interpolation if about.interpolation == 'bicubic' else 'bilinear',
    )
