"""Why a network predicts a tag: class activation maps, by pytorch-grad-cam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..visualization import to_rgb
from .target_layer import TargetLayer, find_target_layer


class Explanation(NamedTuple):
    """Where in an image the evidence for its tags lies.

    Attributes:
        image: What the network saw, (H, W, 3) uint8, RGB.
        maps: Class activation map of each tag, (H, W) float32, from 0 to 1 for each tag by itself.
    """

    image: np.ndarray
    maps: dict[str, np.ndarray]


class Explainer:
    """Class activation maps (Grad-CAM) of a network.

    Args:
        network: Network of MMPretrain with a head for several labels, in evaluation mode.
        classes: Class names.

    Raises:
        ImportError: If the package ``grad-cam`` is missing.
        ValueError: If the network is an exported one.

    Source: Grad-CAM, arXiv 1610.02391, as the package pytorch-grad-cam computes it.
    """

    def __init__(self, network: Any, classes: Sequence[str]) -> None:
        require_grad_cam()
        if not hasattr(network, 'backbone'):
            raise ValueError('an exported network has no gradients: give its config and checkpoint')
        self._network, self._classes = network, list(classes)
        self._layer: TargetLayer | None = None

    def __call__(self, packed: Any, tags: Sequence[str]) -> Explanation:
        """Return the maps of some tags of an image.

        Args:
            packed: Image as the pipeline returns it.
            tags: Names of classes.

        Raises:
            ValueError: If a tag is not among the classes, or the network has no map of the image.
        """
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        unknown = [tag for tag in tags if tag not in self._classes]
        if unknown:
            raise ValueError(f'expected tags among the classes of the model, got {unknown[0]!r}')
        preprocessor = self._network.data_preprocessor
        data = {'inputs': [packed['inputs']], 'data_samples': [packed['data_samples']]}
        inputs = preprocessor(data, False)['inputs']
        with _frozen(self._network):
            self._layer = self._layer or find_target_layer(self._network, inputs)
            network, layer = _Logits(self._network), self._layer
            with GradCAM(network, [layer.module], layer.grid.as_map) as cam:
                maps = {}
                for tag in tags:
                    targets = [ClassifierOutputTarget(self._classes.index(tag))]
                    maps[tag] = cam(input_tensor=inputs, targets=targets)[0]
        bgr = any(getattr(preprocessor, n, False) for n in ('to_rgb', '_channel_conversion'))
        return Explanation(to_rgb(packed['inputs'], bgr), maps)


def require_grad_cam() -> None:
    """Require pytorch-grad-cam.

    Raises:
        ImportError: If it is missing. The message says what to install.
    """
    try:
        import pytorch_grad_cam  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "explanations need grad-cam: pip install 'mmpretrain_mlml[explain]'"
        ) from error


class _Logits(nn.Module):
    """A network of MMPretrain with its input and its logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Any:
        # frozen layers pass gradients on only if they are asked for
        return self.network(images.detach().requires_grad_(), mode='tensor')


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Compute no gradients of the weights inside the block, which would fill memory."""
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    for weight in trained:
        weight.requires_grad_(False)
    try:
        with torch.enable_grad():
            yield
    finally:
        for weight in trained:
            weight.requires_grad_()
