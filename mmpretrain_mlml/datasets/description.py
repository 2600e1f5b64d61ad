"""Statistics of the labels of a config's data sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .check.sources import Source
from .statistics import LabelKinds

MOST_PAIRED = 1000  # classes of which pairs are counted
LOOKS_ALIKE = 1.1  # ratio of labels an image, below which two sets look equally complete


@dataclass(frozen=True)
class SetDescription:
    """Labels of a data set, after its protocols.

    Attributes:
        split: ``'train'``, ``'val'`` or ``'test'``.
        classes: C class names.
        kinds: Numbers of present, absent and unobserved entries by class.
        per_image: Number of images with 0, 1, 2, ... labels, (L,), int64.
        paired: The classes of which pairs are counted: all, or the 1,000 most frequent, (P,), int64.
        together: Number of images in which two of these are present, (P, P), int64.
        dropped: Number of labels that the protocols dropped.
    """

    split: str
    classes: tuple[str, ...]
    kinds: LabelKinds
    per_image: np.ndarray
    paired: np.ndarray
    together: np.ndarray
    dropped: int

    @classmethod
    def of(cls, source: Source) -> SetDescription:
        """Describe the labels of a source.

        Raises:
            LabelError: If its labels have problems; the first of them.
            ValueError: If its classes are not known.
        """
        if source.problems:
            raise source.problems[0]
        if source.kinds is None:
            raise ValueError(f'{source.split}: {source.kind} does not say its classes')
        numbers = np.array([len(present) for present in source.kept], np.int64)
        paired = np.arange(len(source.classes))
        if len(paired) > MOST_PAIRED:
            paired = np.argsort(-source.kinds.present, kind='stable')[:MOST_PAIRED]
        place = np.full(len(source.classes), -1)
        place[paired] = np.arange(len(paired))
        together = np.zeros((len(paired), len(paired)), np.int64)
        for present in source.kept:
            here = place[present]
            here = here[here >= 0]
            together[np.ix_(here, here)] += 1
        dropped = sum(map(len, source.complete)) - int(numbers.sum())
        counts = (
            source.split,
            tuple(source.classes),
            source.kinds,
            np.bincount(numbers, minlength=1),
        )
        return cls(*counts, paired, together, dropped)

    @property
    def images(self) -> int:
        """Number of images."""
        return int(self.per_image.sum())

    @property
    def labels_an_image(self) -> float:
        """Mean number of labels of an image."""
        return float(self.kinds.present.sum()) / max(self.images, 1)

    def pairs(self, most: int = 10) -> list[tuple[str, str, int, float]]:
        """Return the classes that appear together most often.

        Args:
            most: Number of pairs.

        Returns:
            Two names, the number of images with both, and that number divided by what independent
            classes would have.
        """
        upper = np.triu(self.together, 1)
        chosen = np.argsort(-upper, axis=None, kind='stable')[:most]
        present, result = self.kinds.present, []
        for row, column in zip(*np.unravel_index(chosen, upper.shape)):
            both, one, other = int(upper[row, column]), self.paired[row], self.paired[column]
            if both:
                chance = present[one] * present[other] / self.images
                result.append((self.classes[one], self.classes[other], both, both / chance))
        return result

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for :func:`json.dump`."""
        by_class = zip(self.classes, *(count.tolist() for count in self.kinds))
        return {
            'images': self.images,
            'labels_an_image': self.labels_an_image,
            'dropped': self.dropped,
            'images_by_labels': self.per_image.tolist(),
            'classes': {name: dict(zip(self.kinds._fields, counts)) for name, *counts in by_class},
            'together': self.together.tolist(),
            'together_classes': [self.classes[index] for index in self.paired],
        }


def warnings_of(train: SetDescription, other: SetDescription) -> Iterator[str]:
    """Yield what to be careful about when a model is validated on `other`.

    Args:
        train: Training set.
        other: Validation or test set.
    """
    unobserved = int(other.kinds.unobserved.sum())
    known = int(other.kinds.absent.sum())
    if unobserved and not known:
        yield (
            f'{other.split}: no absence is known, and scores leave unobserved entries out, so that '
            "every precision is 100 %: list what is absent, or, if all is listed, unlisted='absent'"
        )
    single = len(train.classes) > 1 and len(train.per_image) <= 2  # no image has two labels
    incomplete = bool(train.dropped or train.kinds.unobserved.any())
    alike = other.labels_an_image < LOOKS_ALIKE * train.labels_an_image
    if (incomplete or single) and alike:
        why = 'is incomplete' if incomplete else 'no image with two'
        yield (
            f'{other.split}: {other.labels_an_image:.2f} labels an image, training has '
            f'{train.labels_an_image:.2f} and {why}: these labels look as incomplete, and '
            'scores on them punish what a model finds rightly; label some images completely'
        )
