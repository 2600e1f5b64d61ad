"""A sample that tells how many labels are missing: its file and its evaluation."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..files import atomic_write
from ..labels import DataError
from .decisions import Decision, Entry
from .estimation import SAMPLED, Estimate, estimate_missing
from .proposals import PROPOSAL

GROUPS = ('rare', 'medium', 'frequent')  # thirds of the classes, by observed positives


@dataclass(frozen=True)
class EstimateSample:
    """Entries from :func:`~mmpretrain_mlml.audit.draw_entries` with the names of images and classes.

    Attributes:
        sample: The entries, (S,).
        entries: Image and class name of each, S pairs.
        groups: Names of the classes of each group.
        unobserved: Number of unobserved entries from which the sample was drawn.
    """

    sample: np.ndarray
    entries: list[Entry]
    groups: dict[str, list[str]]
    unobserved: int

    @classmethod
    def named(
        cls,
        sample: np.ndarray,
        names: Sequence[str],
        classes: Sequence[str],
        frequency: np.ndarray,
        unobserved: int,
    ) -> EstimateSample:
        """Add names to a sample, and thirds of the classes by their frequency, (C,)."""
        entries = [(names[row['image']], classes[row['class']]) for row in sample]
        parts = np.array_split(np.argsort(frequency, kind='stable'), len(GROUPS))
        groups = {group: [classes[c] for c in part] for group, part in zip(GROUPS, parts)}
        return cls(sample, entries, groups, unobserved)

    def proposals(self) -> np.ndarray:
        """Return the entries as proposals of the kind ``'estimate'``, for a review page."""
        proposals = np.empty(len(self.sample), PROPOSAL)
        for field in ('image', 'class', 'probability'):
            proposals[field] = self.sample[field]
        proposals['kind'] = 'estimate'
        return proposals

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a JSON file, completely or not at all.

        Raises:
            OSError: If the file cannot be written.
        """
        content = {
            'unobserved': self.unobserved,
            'groups': self.groups,
            'entries': self.entries,
            'sample': {name: self.sample[name].tolist() for name in SAMPLED.names or ()},
        }
        with atomic_write(path, 'w') as file:
            json.dump(content, file)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> EstimateSample:
        """Read a file that :meth:`save` wrote.

        Raises:
            DataError: If the file is not of this kind.
            FileNotFoundError: If there is no such file.
        """
        try:
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            columns = content['sample']
            sample = np.empty(len(content['entries']), SAMPLED)
            for name in SAMPLED.names or ():
                sample[name] = columns[name]
            entries = [(image, klass) for image, klass in content['entries']]
            return cls(sample, entries, content['groups'], int(content['unobserved']))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(str(path), str(error), 'a sample of audit_labels.py') from error

    def evaluate(self, decisions: Mapping[Entry, Decision]) -> SampleEstimate:
        """Estimate the number of missing labels from decisions about all entries of the sample.

        Args:
            decisions: Decisions by entry, also about others.

        Raises:
            ValueError: If entries of the sample are undecided.
        """
        said = [decisions[entry].decision if entry in decisions else None for entry in self.entries]
        if None in said:
            raise ValueError(
                f'{said.count(None)} of the {len(said)} entries of the estimate are undecided: decide '
                'about all of them, because each stands for many others'
            )
        present = np.array([decision == 'present' for decision in said], bool)
        unsure = np.array([decision == 'unsure' for decision in said], bool)
        classes = np.array([klass for _, klass in self.entries], object)
        groups = {
            group: estimate_missing(self.sample, present, np.isin(classes, names))
            for group, names in self.groups.items()
        }
        return SampleEstimate(
            estimate_missing(self.sample, present),
            groups,
            int(unsure.sum()),
            estimate_missing(self.sample, present | unsure).missing,
            self.unobserved,
        )


@dataclass(frozen=True)
class SampleEstimate:
    """The number of missing labels, estimated from a sample.

    Attributes:
        whole: Of all classes.
        groups: Of rare, medium and frequent classes.
        unsure: Number of entries on which the reviewer was unsure; they count as absent.
        with_unsure: Estimated number if these were present.
        unobserved: Number of unobserved entries.
    """

    whole: Estimate
    groups: dict[str, Estimate]
    unsure: int
    with_unsure: float
    unobserved: int

    def lines(self) -> list[str]:
        """Return a report, line by line."""
        share = self.whole.missing / self.unobserved
        lines = [f'missing labels: {_text(self.whole)}, {share:.2%} of the unobserved entries']
        lines += [f'  of {group} classes: {_text(one)}' for group, one in self.groups.items()]
        if self.unsure:
            lines.append(
                f'  {self.unsure} entries are unsure and count as absent; as present they would make '
                f'it {self.with_unsure:,.0f}'
            )
        return lines


def _text(estimate: Estimate) -> str:
    return (
        f'about {estimate.missing:,.0f} (95 % interval {estimate.low:,.0f} to {estimate.high:,.0f})'
    )
