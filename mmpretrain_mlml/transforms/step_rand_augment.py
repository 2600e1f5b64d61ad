from __future__ import annotations

from typing import Any

import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmpretrain.datasets import RandAugment
from mmpretrain.registry import TRANSFORMS


@TRANSFORMS.register_module()
class StepRandAugment(RandAugment):
    """MMPretrain's ``RandAugment``, each operation at a magnitude drawn from whole steps.

    This is the form of unsupervised data augmentation (UDA): the operations of a picture are drawn
    uniformly, with replacement, each at a magnitude drawn from the steps 1 to ``steps`` of ``steps``
    of its ``magnitude_range``, and applied with its own probability. (MMPretrain draws from all
    magnitudes between none and the highest.)

    Args:
        policies: As for ``RandAugment``: a preset, or a list of operations.
        num_policies: Operations drawn for a picture.
        steps: Number of magnitudes.
        **kwargs: As for ``RandAugment``.

    Raises:
        ValueError: ``steps`` is below 1.

    Source: arXiv 1904.12848 (UDA), as used by the trainer released with arXiv 2112.07368.
    """

    def __init__(
        self, policies: str | list[dict], num_policies: int = 2, steps: int = 9, **kwargs: Any
    ) -> None:
        if steps < 1:
            raise ValueError(f'expected steps >= 1, got {steps}')
        super().__init__(policies, num_policies, magnitude_level=steps, total_level=steps, **kwargs)
        self.steps = steps

    @cache_randomness
    def draw(self) -> list[tuple[int, int]]:
        """Index and magnitude step of each operation for a picture."""
        chosen = np.random.randint(len(self.transforms), size=self.num_policies)
        steps = np.random.randint(1, self.steps + 1, size=self.num_policies)
        return list(zip(chosen.tolist(), steps.tolist()))

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        for index, step in self.draw():
            operation = self.transforms[index]
            operation.magnitude_level = step
            results = operation(results)
            if results is None:
                return None
        return results
