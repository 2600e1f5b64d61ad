"""The result of a prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
