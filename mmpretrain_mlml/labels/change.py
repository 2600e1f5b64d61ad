"""What a protocol did to labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .label_table import LabelTable
from .protocols.base import classes_of_positives, images_of_positives


@dataclass(frozen=True)
class LabelChange:
    """Labels before and after protocols, in numbers.

    Attributes:
        classes: C class names.
        before: Number of images in which each class is present at first, (C,), int64.
        after: The same at the end, (C,).
        kept: Number of images in which it is present both times, (C,).
        per_image: Number of images with 0, 1, 2, ... labels, before and after, (2, L).
        absent: Number of entries that are absent at the end.
        unobserved: Number of entries that are unobserved at the end.
    """

    classes: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray
    kept: np.ndarray
    per_image: np.ndarray
    absent: int
    unobserved: int

    @classmethod
    def between(cls, before: LabelTable, after: LabelTable) -> LabelChange:
        """Compare two tables of the same images and classes.

        Raises:
            ValueError: If images or classes differ.
        """
        if before.classes != after.classes or before.names != after.names:
            raise ValueError('expected two tables of the same images and classes')
        old, new = _positives(before), _positives(after)
        size = len(before.classes)
        kept = new[np.isin(new, old, assume_unique=True)] % size
        numbers = [table.labels_per_image() for table in (before, after)]
        most = max((int(number.max()) for number in numbers if len(number)), default=0)
        return cls(
            before.classes,
            np.bincount(old % size, minlength=size),
            np.bincount(new % size, minlength=size),
            np.bincount(kept, minlength=size),
            np.stack([np.bincount(number, minlength=most + 1) for number in numbers]),
            int(after.counts().absent.sum()),
            int(after.counts().unobserved.sum()),
        )

    @property
    def images(self) -> int:
        """Number of images."""
        return int(self.per_image[0].sum())

    @property
    def dropped(self) -> int:
        """Number of dropped labels, which are false negatives if the source was complete."""
        return int((self.before - self.kept).sum())

    @property
    def added(self) -> int:
        """Number of labels that were added."""
        return int((self.after - self.kept).sum())

    @property
    def false_negatives(self) -> float:
        """Share of the dropped labels among all entries that are not present at the end."""
        others = self.absent + self.unobserved
        return self.dropped / others if others else 0.0

    @property
    def false_negatives_by_class(self) -> np.ndarray:
        """Share of the dropped labels among the entries of each class that are not present, (C,)."""
        others = self.images - self.after
        share: np.ndarray = (self.before - self.kept) / np.maximum(others, 1)
        return share

    @property
    def share_left(self) -> np.ndarray:
        """Share of each class's labels that is left, (C,); NaN where there were none."""
        share: np.ndarray = self.kept / np.where(self.before > 0, self.before, np.nan)
        return share

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for :func:`json.dump`."""
        return {
            'images': self.images,
            'labels_before': int(self.before.sum()),
            'labels': int(self.after.sum()),
            'labels_an_image': float(self.after.sum() / max(self.images, 1)),
            'dropped': self.dropped,
            'added': self.added,
            'absent': self.absent,
            'unobserved': self.unobserved,
            'false_negatives': self.false_negatives,
            'images_without_labels': int(self.per_image[1][0]),
            'by_class': {
                name: {
                    'before': int(old),
                    'after': int(new),
                    'kept': int(kept),
                    'false_negatives': float(share),
                }
                for name, old, new, kept, share in zip(
                    self.classes, self.before, self.after, self.kept, self.false_negatives_by_class
                )
            },
        }


def _positives(table: LabelTable) -> np.ndarray:
    """Return the flat position of each positive entry, (P,), int64."""
    rows, classes = images_of_positives(table), classes_of_positives(table)
    positions: np.ndarray = rows * len(table.classes) + classes
    return positions
