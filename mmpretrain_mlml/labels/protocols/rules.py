"""The paper's rule, by its published names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..label_table import LabelTable
from .base import DropProtocol, classes_of_positives, images_of_positives
from .published import check_protocol, check_seed, drop_labels, kept_count


@dataclass(frozen=True)
class PaperRule(DropProtocol):
    """The rule of the released lists: floor(r n) + 1 of an image's n labels are kept.

    They are drawn uniformly without replacement, so that no image loses all of its labels. It draws
    what :func:`~mmpretrain_mlml.labels.drop_labels` draws.

    Args:
        name: ``'full'`` (all are kept), ``'0.75left'`` (r = 1/2), ``'0.4left'`` (1/5) or ``'single'``
            (one label an image, as in arXiv 2106.09708).

    Raises:
        ValueError: If the name is unknown.

    Source: arXiv 2112.07368; the rule holds on all 82,081 lines of its lists.
    """

    name: str

    def __post_init__(self) -> None:
        check_protocol(self.name)

    def apply(self, table: LabelTable, seed: int = 0) -> LabelTable:
        check_seed(seed)
        return table if self.name == 'full' else super().apply(table, seed)

    def kept(self, table: LabelTable, seed: int) -> np.ndarray:
        lists = drop_labels(table.names, table.positive_lists, self.name, seed)
        rows = np.repeat(np.arange(len(lists)), [len(present) for present in lists])
        chosen = np.fromiter((label for present in lists for label in present), np.int64)
        positions = images_of_positives(table) * len(table.classes) + classes_of_positives(table)
        return np.isin(positions, rows * len(table.classes) + chosen, assume_unique=True)

    def expected_present(self, table: LabelTable) -> float:
        return float(self.counts_kept(table).sum())

    def counts_kept(self, table: LabelTable) -> np.ndarray:
        """Return how many labels of each image are kept, (N,), int64."""
        numbers, inverse = np.unique(table.labels_per_image(), return_inverse=True)
        kept = np.array([kept_count(int(n), self.name) for n in numbers], np.int64)
        result: np.ndarray = kept[inverse.reshape(-1)]
        return result

    def __str__(self) -> str:
        return self.name
