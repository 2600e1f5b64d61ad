"""Label statistics of a data set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from mmengine.dataset import BaseDataset

from ..labels import LabelKinds
from ..labels.protocols.base import classes_of_positives, images_of_positives
from .sample_table import sample_table
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
    if (table := sample_table(dataset)) is not None:
        return images_of_positives(table), classes_of_positives(table).astype(np.int64)
    num_classes = len(dataset.metainfo['classes'])
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    classes = [np.flatnonzero(target_of(info, num_classes) > 0) for info in infos]
    samples = np.repeat(np.arange(len(classes)), [len(one) for one in classes])
    return samples, np.concatenate([np.zeros(0, np.int64), *classes])


def count_labels(dataset: BaseDataset) -> LabelCounts:
    """Count the present and the known training labels of a multi-label data set.

    Args:
        dataset: As for :func:`count_kinds`.
    """
    kinds = count_kinds(dataset)
    return LabelCounts(kinds.present, kinds.present + kinds.absent)


def count_kinds(dataset: BaseDataset) -> LabelKinds:
    """Count the labels of a multi-label data set by what they say; a soft label counts as present.

    Args:
        dataset: Data set, possibly wrapped, with ``classes`` in its ``metainfo``. Its
            ``get_data_info`` gives ``gt_label``, a list of classes, or ``gt_score``, (C,) of 1, 0
            and -1.
    """
    if (table := sample_table(dataset)) is not None:
        return table.counts()
    num_classes = len(dataset.metainfo['classes'])
    present, unobserved = np.zeros((2, num_classes), np.int64)
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        if 'gt_score' in info:
            target = target_of(info, num_classes)
            present += target > 0
            unobserved += target < 0
        else:  # without a dense target, which is slow where there are many classes
            present[np.asarray(info['gt_label'], np.int64)] += 1
    return LabelKinds(present, len(dataset) - present - unobserved, unobserved)
