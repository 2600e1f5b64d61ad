"""Label statistics of a data set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from .targets import target_of


class LabelCounts(NamedTuple):
    """Number of images in which each class is present, and observed; integers, (C,)."""

    present: np.ndarray
    known: np.ndarray

    @property
    def prior(self) -> np.ndarray:
        """Share of the images that show each class, among those in which it is observed, (C,)."""
        return self.present / np.maximum(self.known, 1)


def observed_positives(dataset: BaseDataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the sample index and the class of each observed positive, (M,) each, int64.

    Args:
        dataset: As for :func:`count_labels`.
    """
    num_classes = len(dataset.metainfo['classes'])
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    classes = [np.flatnonzero(target_of(info, num_classes) > 0) for info in infos]
    samples = np.repeat(np.arange(len(classes)), [len(one) for one in classes])
    return samples, np.concatenate([np.zeros(0, np.int64), *classes])


def count_labels(dataset: BaseDataset) -> LabelCounts:
    """Count the training labels of a multi-label data set, as the loss sees them.

    Args:
        dataset: Data set, possibly wrapped, with ``classes`` in its ``metainfo``. Its
            ``get_data_info`` gives ``gt_label``, a list of classes, or ``gt_score``, (C,) of 1, 0
            and -1.
    """
    num_classes = len(dataset.metainfo['classes'])
    present = np.zeros(num_classes, np.int64)
    known = np.zeros_like(present)
    for index in range(len(dataset)):
        target = target_of(dataset.get_data_info(index), num_classes)
        present += target > 0
        known += target >= 0
    return LabelCounts(present, known)
