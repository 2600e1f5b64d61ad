"""What the labels of a data set say in sum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset


class LabelCounts(NamedTuple):
    """How often each class was found and how often it was known, arrays (C,) of whole numbers."""

    present: np.ndarray
    known: np.ndarray

    @property
    def prior(self) -> np.ndarray:
        """Share of the images, among those where it is known, that show each class, (C,)."""
        return self.present / np.maximum(self.known, 1)


def count_labels(dataset: BaseDataset) -> LabelCounts:
    """Counts the training labels of a multi-label data set, as it hands them to a loss.

    Args:
        dataset: With ``gt_label``, a list of classes, or ``gt_score``, (C,) of 1, 0 and -1, in what
            ``get_data_info`` gives, and its classes in ``metainfo``; wrappers are fine.
    """
    present = np.zeros(len(dataset.metainfo['classes']), np.int64)
    known = np.zeros_like(present)
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if 'gt_score' in info:
            score = np.asarray(info['gt_score'])
            present += score > 0
            known += score >= 0
        else:
            present[info['gt_label']] += 1
            known += 1
    return LabelCounts(present, known)
