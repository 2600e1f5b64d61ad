"""What people decided about proposals: merging the decisions of several, changing labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..labels import DataError, LabelTable
from ..labels.label_table import ABSENT, PRESENT, UNOBSERVED

LABELS = {'present': PRESENT, 'absent': ABSENT, 'unsure': None}
Entry = tuple[str, str]  # image name, class name


@dataclass(frozen=True)
class Decision:
    """One decision of a person.

    Attributes:
        image: Image name.
        class_name: Class name.
        decision: ``'present'``, ``'absent'`` or ``'unsure'``.
        reviewer: Who decided; may be empty.
        time: When, in ISO 8601; may be empty.
        where: File and line.
    """

    image: str
    class_name: str
    decision: str
    reviewer: str = ''
    time: str = ''
    where: str = ''


@dataclass(frozen=True)
class Merged:
    """Decisions of several files.

    Attributes:
        decisions: One decision for each entry on which all agree. An unsure one gives way.
        conflicts: The present and the absent decision of each entry on which people disagree.
    """

    decisions: dict[Entry, Decision] = field(default_factory=dict)
    conflicts: list[tuple[Decision, Decision]] = field(default_factory=list)


def merge_decisions(files: Iterable[Sequence[Decision]]) -> Merged:
    """Merge the decisions of several people.

    Within a file a later line of a person replaces an earlier one about the same entry. Between people
    and between files, equal decisions become one, a clear one replaces an unsure one, and present
    against absent is a conflict, which leaves the entry undecided.

    Args:
        files: Decisions of each file, in the order of its lines.
    """
    merged = Merged()
    disputed: dict[Entry, tuple[Decision, Decision]] = {}
    for decisions in files:
        latest = {(one.image, one.class_name, one.reviewer): one for one in decisions}
        for decision in latest.values():
            entry = (decision.image, decision.class_name)
            before = merged.decisions.get(entry)
            if before is None or before.decision == 'unsure':
                merged.decisions[entry] = decision
            elif decision.decision not in ('unsure', before.decision):
                disputed.setdefault(entry, (before, decision))
    for entry, pair in disputed.items():
        del merged.decisions[entry]
        merged.conflicts.append(pair)
    return merged


def apply_decisions(table: LabelTable, decisions: Iterable[Decision]) -> LabelTable:
    """Return the labels with decisions: 1 for present, 0 for absent; unsure changes nothing.

    Applying decisions twice is the same as once.

    Args:
        table: Labels; entries that it does not list must be unobserved (``fill`` -1).
        decisions: Decisions, at most one for each entry.

    Raises:
        DataError: If a decision is about an image or a class that the table does not have.
        ValueError: If the table takes entries that it does not list as absent.
    """
    if table.fill != UNOBSERVED:
        raise ValueError('expected a table in which entries that are not listed are unobserved')
    row_of = {name: row for row, name in enumerate(table.names)}
    class_of = {name: index for index, name in enumerate(table.classes)}
    keys, values = [], []
    for one in decisions:
        if one.image not in row_of:
            raise DataError(one.where, f'image {one.image!r}', 'an image of the training set')
        if one.class_name not in class_of:
            raise DataError(one.where, f'class {one.class_name!r}', 'a class of the training set')
        label = LABELS[one.decision]
        if label is not None:
            keys.append(row_of[one.image] * len(table.classes) + class_of[one.class_name])
            values.append(label)
    rows = np.repeat(np.arange(len(table)), np.diff(table.offsets))
    old_keys = rows * len(table.classes) + table.indices
    every_key = np.concatenate([np.asarray(keys, np.int64), old_keys])
    every_value = np.concatenate([np.asarray(values, np.int8), table.values])
    entries, first = np.unique(every_key, return_index=True)  # decisions stand before old labels
    lengths = np.bincount(entries // len(table.classes), minlength=len(table))
    return replace(
        table,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        indices=(entries % len(table.classes)).astype(np.int32),
        values=every_value[first],
    )
