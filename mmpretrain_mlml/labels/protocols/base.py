"""What a protocol is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from ..label_table import ABSENT, PRESENT, UNOBSERVED, LabelTable
from .editing import with_values
from .published import check_seed


class ExpectedCounts(NamedTuple):
    """Expected numbers of present, absent and unobserved entries of a table."""

    present: float
    absent: float
    unobserved: float


@dataclass(frozen=True)
class LabelProtocol(ABC):
    """A rule that makes labels incomplete or wrong at random.

    Protocols are compared by their arguments, and applied one after another by
    :func:`apply_protocols`. A draw depends on the seed, the arguments, the image name and the class.
    """

    @abstractmethod
    def apply(self, table: LabelTable, seed: int = 0) -> LabelTable:
        """Return the labels that are left.

        Args:
            table: Labels; not changed.
            seed: Seed of the draws, an integer >= 0.

        Raises:
            ValueError: If the seed is not an integer >= 0.
        """

    @abstractmethod
    def expected(self, table: LabelTable) -> ExpectedCounts:
        """Return the expected counts of the labels that are left.

        Args:
            table: Labels to which the protocol is applied.
        """

    def key(self, seed: int) -> str:
        """Return what the draws depend on, beside image and class.

        Arguments that say where files lie are not part of it.
        """
        check_seed(seed)
        drawn = [item for item in fields(self) if item.metadata.get('drawn', True)]
        arguments = ','.join(f'{item.name}={getattr(self, item.name)!r}' for item in drawn)
        return f'{seed}/{type(self).__name__}({arguments})/'

    def __str__(self) -> str:
        changed = [item for item in fields(self) if getattr(self, item.name) != item.default]
        arguments = ', '.join(f'{item.name}={getattr(self, item.name)!r}' for item in changed)
        return f'{type(self).__name__}({arguments})'


class DropProtocol(LabelProtocol):
    """Base of the protocols that drop positive labels and leave everything else alone.

    A dropped label becomes unobserved. In a table without unobserved entries, where absent entries
    need not be listed, it becomes absent, as in the published setting, in which 0 says nothing.
    """

    @abstractmethod
    def kept(self, table: LabelTable, seed: int) -> np.ndarray:
        """Return which positive labels are kept, in the order of the table, (P,), bool."""

    @abstractmethod
    def expected_present(self, table: LabelTable) -> float:
        """Return the expected number of positive labels that are kept."""

    def apply(self, table: LabelTable, seed: int = 0) -> LabelTable:
        check_seed(seed)
        present = table.values == PRESENT
        dropped = present.copy()
        dropped[present] = ~self.kept(table, seed)
        return with_values(table, np.where(dropped, dropped_value(table), table.values))

    def expected(self, table: LabelTable) -> ExpectedCounts:
        present, absent, unobserved = (int(count.sum()) for count in table.counts())
        left = self.expected_present(table)
        dropped = present - left
        if dropped_value(table) == ABSENT:
            return ExpectedCounts(left, absent + dropped, unobserved)
        return ExpectedCounts(left, absent, unobserved + dropped)


def dropped_value(table: LabelTable) -> int:
    """Return what a dropped label of a table becomes: unobserved (-1) or absent (0)."""
    return ABSENT if table.fill == ABSENT and not table.has_unobserved else UNOBSERVED


def images_of_positives(table: LabelTable) -> np.ndarray:
    """Return the image of each positive label, in the order of the table, (P,), int64."""
    return np.repeat(np.arange(len(table)), table.labels_per_image())


def classes_of_positives(table: LabelTable) -> np.ndarray:
    """Return the class of each positive label, in the order of the table, (P,), int32."""
    classes: np.ndarray = table.indices[table.values == PRESENT]
    return classes
