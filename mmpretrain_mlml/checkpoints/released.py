"""Weights under the names of the trainer released with arXiv 2112.07368 (torchvision's ResNet)."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from .weights import CheckpointError

_BACKBONE, _HEAD = 'backbone.', 'head.fc.'


def from_released(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename weights of the released trainer (``layer1.0.conv1.weight``, ``fc.weight``) to ours.

    Args:
        state: Weights by name, without ``module.``, as
            :func:`~mmpretrain_mlml.checkpoints.read_weights` returns them.

    Raises:
        CheckpointError: If the names are ours already.

    >>> list(from_released({'conv1.weight': None, 'fc.bias': None}))
    ['backbone.conv1.weight', 'head.fc.bias']
    """
    ours = [key for key in state if key.startswith((_BACKBONE, _HEAD))]
    if ours:
        raise CheckpointError(f'the file has the names of MMPretrain already, such as {ours[0]}')
    return {
        _HEAD + key.removeprefix('fc.') if key.startswith('fc.') else _BACKBONE + key: value
        for key, value in state.items()
    }


def to_released(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename our weights to the names of the released trainer.

    Raises:
        CheckpointError: If there are weights outside the backbone and the linear layer of the head.

    >>> list(to_released({'backbone.conv1.weight': None, 'head.fc.bias': None}))
    ['conv1.weight', 'fc.bias']
    """
    foreign = sorted(key for key in state if not key.startswith((_BACKBONE, _HEAD)))
    if foreign:
        raise CheckpointError(
            f'the released layout has a backbone and a linear layer; it has no place for {foreign}'
        )
    return {
        'fc.' + key.removeprefix(_HEAD)
        if key.startswith(_HEAD)
        else key.removeprefix(_BACKBONE): value
        for key, value in state.items()
    }
