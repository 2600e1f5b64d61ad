"""The labels of all samples of a data set in one table, also through MMEngine's wrappers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmpretrain.datasets import KFoldDataset

from ..labels import LabelTable, TextArray
from .table_dataset import TableDataset


def sample_table(dataset: Any) -> LabelTable | None:
    """Return the labels of the samples of a data set, in their order, without reading the samples.

    Args:
        dataset: Data set, possibly in ``RepeatDataset``, ``ClassBalancedDataset``, ``KFoldDataset``
            and ``ConcatDataset``, nested to any depth.

    Returns:
        The table; None if the labels lie in no :class:`TableDataset`, or the tables of a
        ``ConcatDataset`` differ in their classes or in the label of entries that are not listed.
    """
    if isinstance(dataset, TableDataset):
        dataset.full_init()
        table: LabelTable = dataset.data_list.chosen(dataset.data_list.table)
        return table
    kind = type(dataset)  # a subclass may choose its samples in another way
    if kind not in (ConcatDataset, KFoldDataset, RepeatDataset, ClassBalancedDataset):
        return None
    dataset.full_init()
    if kind is ConcatDataset:
        return _joined([sample_table(part) for part in dataset.datasets])
    inner = sample_table(dataset.dataset)
    if inner is None or kind is KFoldDataset:  # which holds the samples of its fold
        return inner
    if kind is RepeatDataset:
        return inner.take(np.tile(np.arange(len(inner)), dataset.times))
    return inner.take(dataset.repeat_indices)


def _joined(tables: Sequence[LabelTable | None]) -> LabelTable | None:
    """Return the rows of several tables, one table after another."""
    found = [table for table in tables if table is not None]
    if len(found) < len(tables) or len({(t.classes, t.fill) for t in found}) != 1:
        return None
    begins = np.cumsum([0, *(len(table.indices) for table in found)])
    offsets = [table.offsets[1:] + begin for table, begin in zip(found, begins)]
    return LabelTable(
        TextArray.concatenate([table.names for table in found]),
        found[0].classes,
        np.concatenate([np.zeros(1, np.int64), *offsets]),
        np.concatenate([table.indices for table in found]),
        np.concatenate([table.values for table in found]),
        found[0].fill,
    )
