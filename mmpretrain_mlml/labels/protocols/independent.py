"""Protocols that draw for each label or entry independently."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..label_table import PRESENT, UNOBSERVED, LabelTable
from .base import DropProtocol, ExpectedCounts, LabelProtocol, classes_of_positives
from .draws import chunks, draw_entries, draw_positives
from .editing import joined, with_values
from .published import check_seed, check_share, hide_entries


@dataclass(frozen=True)
class Bernoulli(DropProtocol):
    """Each positive label is kept with the same probability, so that an image may lose all of them.

    Args:
        keep: Probability that a label is kept, in [0, 1].

    Raises:
        ValueError: If the probability lies outside [0, 1].
    """

    keep: float

    def __post_init__(self) -> None:
        check_share(self.keep)

    def kept(self, table: LabelTable, seed: int) -> np.ndarray:
        kept: np.ndarray = draw_positives(self.key(seed), table) < self.keep
        return kept

    def expected_present(self, table: LabelTable) -> float:
        return self.keep * float(table.labels_per_image().sum())


@dataclass(frozen=True)
class ClassDependent(DropProtocol):
    """Rare classes lose more: the probability to be kept grows with the number of a class's labels.

    A label of a class with n labels is kept with probability min(1, a n^power), independently; a is
    such that the share ``keep`` of all labels is left.

    Args:
        keep: Share of all positive labels that are kept, in [0, 1].
        power: Exponent; 0 drops uniformly, below 0 frequent classes lose more.

    Raises:
        ValueError: If the share lies outside [0, 1].
    """

    keep: float
    power: float = 0.5

    def __post_init__(self) -> None:
        check_share(self.keep)

    def kept(self, table: LabelTable, seed: int) -> np.ndarray:
        probability = self.probabilities(table)[classes_of_positives(table)]
        kept: np.ndarray = draw_positives(self.key(seed), table) < probability
        return kept

    def expected_present(self, table: LabelTable) -> float:
        return float((self.probabilities(table) * table.counts().present).sum())

    def probabilities(self, table: LabelTable) -> np.ndarray:
        """Return the probability that a label of each class is kept, (C,)."""
        numbers = table.counts().present.astype(np.float64)
        weights = np.where(numbers > 0, np.maximum(numbers, 1.0) ** self.power, 0.0)
        certain = np.zeros(len(numbers), bool)  # classes that keep all of their labels
        while True:
            free = numbers * weights * ~certain
            left = max(self.keep * numbers.sum() - numbers[certain].sum(), 0.0)
            scale = left / free.sum() if free.any() else 0.0
            full = ~certain & (scale * weights >= 1)
            if not full.any():
                probabilities: np.ndarray = np.where(certain, 1.0, scale * weights)
                return probabilities
            certain |= full


@dataclass(frozen=True)
class RPS(LabelProtocol):
    """Random per sample: each entry, present or absent, becomes unobserved with one probability.

    All other entries keep their label, so that absences count as verified. It draws what
    :func:`~mmpretrain_mlml.labels.hide_entries` draws.

    Args:
        share: Probability that an entry becomes unobserved, in [0, 1].

    Raises:
        ValueError: If the probability lies outside [0, 1].

    Source: random per sample (RPS), arXiv 2110.10955.
    """

    share: float

    def __post_init__(self) -> None:
        check_share(self.share)

    def apply(self, table: LabelTable, seed: int = 0) -> LabelTable:
        check_seed(seed)
        if not self.share:
            return table

        def hide(part: LabelTable, labels: np.ndarray) -> np.ndarray:
            hidden = hide_entries(part.names, len(part.classes), self.share, seed)
            return np.where(hidden, UNOBSERVED, labels)

        return joined(table, ((part, hide(part, part.dense())) for part in chunks(table)))

    def expected(self, table: LabelTable) -> ExpectedCounts:
        present, absent, unobserved = (int(count.sum()) for count in table.counts())
        known = 1 - self.share
        hidden = self.share * (present + absent)
        return ExpectedCounts(known * present, known * absent, unobserved + hidden)


@dataclass(frozen=True)
class FalsePositives(LabelProtocol):
    """Wrong labels: each entry that is not present becomes present with one probability.

    Args:
        share: Probability, in [0, 1]. On COCO 0.001 adds 0.08 labels an image.

    Raises:
        ValueError: If the probability lies outside [0, 1].
    """

    share: float

    def __post_init__(self) -> None:
        check_share(self.share)

    def apply(self, table: LabelTable, seed: int = 0) -> LabelTable:
        key = self.key(seed)

        def add(part: LabelTable, labels: np.ndarray) -> np.ndarray:
            wrong = draw_entries(key, part.names, len(part.classes)) < self.share
            return np.where(wrong, PRESENT, labels)

        return joined(table, ((part, add(part, part.dense())) for part in chunks(table)))

    def expected(self, table: LabelTable) -> ExpectedCounts:
        present, absent, unobserved = (int(count.sum()) for count in table.counts())
        added = self.share * (absent + unobserved)
        stay = 1 - self.share
        return ExpectedCounts(present + added, stay * absent, stay * unobserved)


@dataclass(frozen=True)
class Unobserved(LabelProtocol):
    """Absent entries become unobserved: nobody verified them.

    It turns a published list, where 0 says nothing, into labels for ``unknown='unobserved'``.
    """

    def apply(self, table: LabelTable, seed: int = 0) -> LabelTable:
        check_seed(seed)
        values = np.where(table.values == PRESENT, PRESENT, UNOBSERVED)
        return with_values(table, values, fill=UNOBSERVED)

    def expected(self, table: LabelTable) -> ExpectedCounts:
        present, absent, unobserved = (int(count.sum()) for count in table.counts())
        return ExpectedCounts(present, 0, absent + unobserved)
