"""The layer of a network on which class activation maps are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

_EXTRA = 16  # tokens beside the patches, at most: of the class, of distillation, registers


@dataclass(frozen=True)
class Grid:
    """How the output of a layer lies over the image.

    Attributes:
        order: ``'NCHW'``, ``'NHWC'`` or ``'NLC'``, tokens.
        size: Rows and columns.
        extra: Number of tokens before those of the patches.
    """

    order: str
    size: tuple[int, int]
    extra: int = 0

    def as_map(self, output: Tensor) -> Tensor:
        """Return an output of the layer as (N, C, rows, columns)."""
        if self.order == 'NCHW':
            return output
        if self.order == 'NHWC':
            return output.permute(0, 3, 1, 2)
        patches = output[:, self.extra :]
        return patches.transpose(1, 2).reshape(len(output), -1, *self.size)


@dataclass(frozen=True)
class TargetLayer:
    """A layer, and how its output lies over the image."""

    module: nn.Module
    grid: Grid


def find_target_layer(network: nn.Module, image: Tensor) -> TargetLayer:
    """Return the last layer of the backbone whose output depends on the place in the image.

    For a CNN that is its last stage; for a transformer the last normalisation through which the
    patches reach the output: the first one in the last block of a ViT with a class token, the one
    after the last block of a Swin.

    Args:
        network: Network of MMPretrain, in evaluation mode.
        image: Input of the network, (1, channels, H, W).

    Raises:
        ValueError: If no layer has a map of the image.
    """
    outputs: list[tuple[nn.Module, Tensor]] = []

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            outputs.append((module, output))

    backbone: Any = network.backbone
    hooks = [module.register_forward_hook(note) for module in backbone.modules()]
    try:
        with torch.enable_grad():
            logits = network(image.detach().requires_grad_(), mode='tensor')
    finally:
        for hook in hooks:
            hook.remove()
    for module, output in reversed(outputs):
        grid = grid_of(module, output.shape, image.shape[-2:])
        if grid is None:
            continue
        (gradient,) = torch.autograd.grad(
            logits.sum(), output, retain_graph=True, allow_unused=True
        )
        if gradient is None:
            continue
        places = grid.as_map(gradient)[0].abs().amax(0)
        if int((places > 0).sum()) > 1:
            return TargetLayer(module, grid)
    raise ValueError(
        f'{type(backbone).__name__} has no layer with a map of the image: it cannot be explained'
    )


def grid_of(module: nn.Module, shape: Sequence[int], image: Sequence[int]) -> Grid | None:
    """Return how an output lies over an image; None if it does not.

    Args:
        module: Layer; only a normalisation is asked for tokens.
        shape: Shape of its output, for one image.
        image: Height and width of the image.

    >>> grid_of(nn.LayerNorm(8), (1, 197, 8), (224, 224))
    Grid(order='NLC', size=(14, 14), extra=1)
    """
    if shape[0] != 1 or len(shape) not in (3, 4):
        return None
    if len(shape) == 4:
        for order, size in (('NCHW', shape[2:]), ('NHWC', shape[1:3])):
            if _covers(*size, *image):
                return Grid(order, (int(size[0]), int(size[1])))
        return None
    if 'norm' not in type(module).__name__.lower():
        return None
    for extra in range(_EXTRA + 1):
        patches = shape[1] - extra
        for rows in range(1, patches + 1):
            if patches % rows == 0 and _covers(rows, patches // rows, *image):
                return Grid('NLC', (rows, patches // rows), extra)
    return None


def _covers(rows: int, columns: int, height: int, width: int) -> bool:
    """Return whether a grid has more than one cell, and the proportions of the image."""
    return rows * columns > 1 and abs(rows - columns * height / width) < 1
