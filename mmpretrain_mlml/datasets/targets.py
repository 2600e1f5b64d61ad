"""Targets of the samples of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmpretrain.structures import DataSample

from ..labels import dense_target
from ..losses.checks import check_targets


def target_of(info: Mapping[str, Any], num_classes: int) -> np.ndarray:
    """Return the target of a sample, (C,): 1 present, 0 absent, -1 unobserved.

    Args:
        info: What ``get_data_info`` of a multi-label data set returns: ``gt_score``, (C,), or
            ``gt_label``, the list of positive classes.
        num_classes: Number of classes C.
    """
    if 'gt_score' in info:
        return np.asarray(info['gt_score'])
    return dense_target(info['gt_label'], num_classes)


def add_target(data: Any, num_classes: int) -> None:
    """Add ``gt_score`` to a packed sample that has ``gt_label`` only; check the one of another.

    Args:
        data: What a pipeline returns; ignored unless MMPretrain's ``PackInputs`` packed it.
        num_classes: Number of classes C.

    Raises:
        ValueError: If a target is neither 1, 0 or -1 nor between 0 and 1.
    """
    sample = data.get('data_samples') if isinstance(data, Mapping) else None
    if not isinstance(sample, DataSample):
        return
    if 'gt_score' in sample:
        check_targets(sample.gt_score)
    elif 'gt_label' in sample:
        sample.set_gt_score(dense_target(sample.gt_label.numpy(), num_classes))
