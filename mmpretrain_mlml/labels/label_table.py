"""Three-valued labels of many images in arrays, which processes can share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from .positive_lists import PositiveLists
from .text_array import TextArray

PRESENT, ABSENT, UNOBSERVED = 1, 0, -1
CHUNK = 1 << 22  # entries that are counted together


class LabelKinds(NamedTuple):
    """Number of images in which each class is present (1), absent (0) and unobserved (-1), (C,) each.

    What a 0 says depends on the source: in the published setting it is unobserved, too.
    """

    present: np.ndarray
    absent: np.ndarray
    unobserved: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class LabelTable:
    """Images, classes and labels: 1 present, 0 absent (verified), -1 unobserved (nobody said).

    Of each image the entries that differ from ``fill`` are listed, so that a table of 9 million
    images and 10,000 classes fits in memory. The arrays are not to be changed.

    Attributes:
        names: N image names.
        classes: C class names.
        offsets: Where the entries of each image begin in ``indices``; the last is their number,
            (N + 1,), int64.
        indices: Classes of the listed entries, ascending within an image, (M,), int32.
        values: Labels of the listed entries: 1, 0 or -1, (M,), int8.
        fill: Label of all other entries: -1, or 0 if they are absent.
        source: File or folder from which the table was read.
        places: Where each image stands in ``source``: a line or row number, (N,), int64. Empty if the
            names say it.
        place_prefix: What is written before a place, such as ``'tags.csv:'``.
        extras: Further columns that were asked for, N strings each.
    """

    names: TextArray
    classes: tuple[str, ...]
    offsets: np.ndarray
    indices: np.ndarray
    values: np.ndarray
    fill: int = UNOBSERVED
    source: str = ''
    places: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    place_prefix: str = 'row '
    extras: Mapping[str, TextArray] = field(default_factory=dict)

    @classmethod
    def from_positives(
        cls,
        names: Sequence[str],
        positives: Sequence[Sequence[int]],
        classes: Sequence[str],
        fill: int = UNOBSERVED,
    ) -> LabelTable:
        """Build a table of positive labels.

        Args:
            names: N image names.
            positives: N sequences of ascending class indices.
            classes: C class names.
            fill: Label of all other entries: -1, or 0 if they are absent.

        >>> LabelTable.from_positives(['a.jpg', 'b.jpg'], [[0, 2], []], ['x', 'y', 'z']).dense()
        array([[ 1, -1,  1],
               [-1, -1, -1]], dtype=int8)
        """
        indices = np.fromiter((index for row in positives for index in row), np.int32)
        return cls(
            TextArray.from_strings(names),
            tuple(classes),
            np.cumsum([0, *map(len, positives)], dtype=np.int64),
            indices,
            np.ones(len(indices), np.int8),
            fill,
            places=np.arange(1, len(names) + 1),
        )

    @classmethod
    def from_dense(
        cls, names: Sequence[str], labels: np.ndarray, classes: Sequence[str]
    ) -> LabelTable:
        """Build a table from all of its entries.

        Args:
            names: N image names.
            labels: 1 present, 0 absent, -1 unobserved, (N, C).
            classes: C class names.
        """
        fill = ABSENT if (labels == 0).sum() > (labels == -1).sum() else UNOBSERVED
        rows, indices = np.nonzero(labels != fill)
        return cls(
            TextArray.from_strings(names),
            tuple(classes),
            np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(names)))]),
            indices.astype(np.int32),
            labels[rows, indices].astype(np.int8),
            fill,
            places=np.arange(1, len(names) + 1),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def location_of(self, row: int) -> str:
        """Return where an image stands in the source, such as ``'tags.csv:12'``."""
        place = self.places[row] if len(self.places) else self.names[row]
        return f'{self.place_prefix}{place}'

    def entries(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes and the values of the listed entries of an image."""
        part = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        return self.indices[part], self.values[part]

    def positives(self, row: int) -> list[int]:
        """Return the classes that are present in an image, ascending."""
        indices, values = self.entries(row)
        found: list[int] = indices[values == PRESENT].tolist()
        return found

    @property
    def positive_lists(self) -> PositiveLists:
        """The classes that are present in each image, as a sequence of lists."""
        return PositiveLists(self)

    def target(self, row: int) -> np.ndarray:
        """Return all labels of an image, (C,), float32."""
        indices, values = self.entries(row)
        target = np.full(len(self.classes), self.fill, np.float32)
        target[indices] = values
        return target

    def dense(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Return all labels of the images from ``start`` to ``stop``, (n, C), int8."""
        offsets = self.offsets[start : len(self) + 1 if stop is None else stop + 1]
        labels = np.full((len(offsets) - 1, len(self.classes)), self.fill, np.int8)
        rows = np.repeat(np.arange(len(labels)), np.diff(offsets))
        part = slice(int(offsets[0]), int(offsets[-1]))
        labels[rows, self.indices[part]] = self.values[part]
        return labels

    @property
    def has_unobserved(self) -> bool:
        """Whether some entry is unobserved."""
        if self.fill == UNOBSERVED:
            return len(self.indices) < len(self) * len(self.classes)
        return bool((self.values == UNOBSERVED).any())

    @property
    def has_absent(self) -> bool:
        """Whether some entry is absent. A source of positive labels alone has none."""
        if self.fill == ABSENT:
            return len(self.indices) < len(self) * len(self.classes)
        return bool((self.values == ABSENT).any())

    def counts(self) -> LabelKinds:
        """Count the images of each class."""
        number = len(self.classes)
        kinds = np.zeros(3 * number, np.int64)
        for begin in range(0, len(self.indices), CHUNK):
            part = slice(begin, begin + CHUNK)
            kinds += np.bincount(
                self.indices[part] + number * (self.values[part].astype(np.int32) + 1),
                minlength=3 * number,
            )
        unobserved, absent, present = kinds.reshape(3, number)
        (absent if self.fill == ABSENT else unobserved)[:] += len(self) - kinds.reshape(3, -1).sum(
            0
        )
        return LabelKinds(present, absent, unobserved)

    def labels_per_image(self) -> np.ndarray:
        """Return the number of classes that are present in each image, (N,), int64."""
        before = np.concatenate([[0], np.cumsum(self.values == PRESENT)])
        number: np.ndarray = before[self.offsets[1:]] - before[self.offsets[:-1]]
        return number

    def take(self, rows: np.ndarray | Sequence[int]) -> LabelTable:
        """Return the table of some of the images.

        Args:
            rows: Positions of the images, >= 0, in the order that is wanted.
        """
        rows = np.asarray(rows, np.int64)
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        picks = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return LabelTable(
            self.names.take(rows),
            self.classes,
            offsets,
            self.indices[picks],
            self.values[picks],
            self.fill,
            self.source,
            self.places[rows] if len(self.places) else self.places,
            self.place_prefix,
            {name: column.take(rows) for name, column in self.extras.items()},
        )

    def positives_only(self) -> LabelTable:
        """Return the table with nothing listed but what is present; all else is unobserved."""
        kept = self.values == PRESENT
        offsets = np.concatenate([[0], np.cumsum(kept)])[self.offsets]
        listed = {'indices': self.indices[kept], 'values': self.values[kept]}
        return replace(self, offsets=offsets, fill=UNOBSERVED, **listed)

    def __eq__(self, other: object) -> bool:
        """Compare names, classes and labels, whichever entries are listed; not the places."""
        if not isinstance(other, LabelTable):
            return NotImplemented
        if (self.classes, len(self)) != (other.classes, len(other)) or self.names != other.names:
            return False
        if self.fill == other.fill:
            pairs = [
                (getattr(self, k), getattr(other, k)) for k in ('offsets', 'indices', 'values')
            ]
            return all(np.array_equal(one, another) for one, another in pairs)
        same_targets = (
            np.array_equal(self.target(row), other.target(row)) for row in range(len(self))
        )
        return all(same_targets)

    __hash__ = None  # type: ignore[assignment]

    def __deepcopy__(self, memo: dict[int, Any]) -> LabelTable:
        return self  # nothing in it changes

    def __repr__(self) -> str:
        kind = 'absent' if self.fill == ABSENT else 'unobserved'
        return (
            f'<LabelTable of {self.source or "no file"}: {len(self)} images, {len(self.classes)} '
            f'classes, {len(self.indices)} entries listed, the others {kind}>'
        )
