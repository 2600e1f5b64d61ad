"""Labels of one image as a dense, three-valued target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def dense_target(
    present: Sequence[int] | np.ndarray,
    num_classes: int,
    unobserved: np.ndarray | None = None,
) -> np.ndarray:
    """Return the target of one image: 1 present, 0 absent, -1 unobserved.

    Args:
        present: Indices of the positive classes; repeated ones count once.
        num_classes: Number of classes C.
        unobserved: Mask of the unobserved entries, (C,) bool; these are -1 even if ``present`` lists
            them. None if every entry is observed.

    Returns:
        Shape (C,), float32.

    Raises:
        ValueError: If an index lies outside [0, C - 1].

    >>> dense_target([0, 2], 4, unobserved=np.array([False, False, True, True]))
    array([ 1.,  0., -1., -1.], dtype=float32)
    """
    indices = np.asarray(present, np.int64)
    if len(indices) and not 0 <= indices.min() <= indices.max() < num_classes:
        raise ValueError(
            f'expected class indices in [0, {num_classes - 1}], got {indices.tolist()}'
        )
    target = np.zeros(num_classes, np.float32)
    target[indices] = 1
    if unobserved is not None:
        target[unobserved] = -1
    return target
