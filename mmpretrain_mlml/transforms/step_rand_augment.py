"""RandAugment of the paper's recipe."""

from __future__ import annotations

from typing import Any

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmpretrain.datasets import RandAugment
from mmpretrain.registry import TRANSFORMS

from .pillow_operations import like_pillow


@TRANSFORMS.register_module()
class StepRandAugment(RandAugment):
    """MMPretrain's ``RandAugment`` with magnitudes in whole steps, as in UDA.

    In unsupervised data augmentation (UDA) the operations of an image are drawn uniformly with
    replacement. Each has a magnitude drawn from steps 1 to ``steps``, which divide its
    ``magnitude_range``, and is applied with its own probability. (MMPretrain draws magnitudes
    continuously from the whole range.)

    MMPretrain's operations are computed as Pillow computes them, within 1 of 255 (``Cutout`` as
    MMPretrain does), on images of three channels of uint8. Other images, other operations, and options
    that Pillow's lack are left to MMPretrain.

    Args:
        policies: Name of a preset, or list of operations, as for ``RandAugment``.
        num_policies: Number of operations drawn for an image.
        steps: Number of magnitudes, >= 1.
        **kwargs: As for ``RandAugment``.

    Raises:
        ValueError: If ``steps`` is below 1.

    Source: arXiv 1904.12848 (UDA), as used by the trainer released with arXiv 2112.07368.
    """

    def __init__(
        self, policies: str | list[dict], num_policies: int = 2, steps: int = 9, **kwargs: Any
    ) -> None:
        if steps < 1:
            raise ValueError(f'expected steps >= 1, got {steps}')
        super().__init__(policies, num_policies, magnitude_level=steps, total_level=steps, **kwargs)
        self.steps = steps
        self.transforms: list[Any] = [like_pillow(operation) for operation in self.transforms]

    @cache_randomness
    def draw(self) -> list[tuple[int, int]]:
        """Draw index and magnitude step of each operation for an image."""
        size = (self.num_policies,)
        operations = np.random.randint(len(self.transforms), size=size)
        steps = np.random.randint(1, self.steps + 1, size=size)
        return list(zip(operations.tolist(), steps.tolist()))

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Apply the drawn operations to the image of a sample; None if one of them returns None."""
        for index, step in self.draw():
            operation = self.transforms[index]
            operation.magnitude_level = step
            results = operation(results)
            if results is None:
                return None
        return results
