"""Applying a review: from decisions to a file of labels."""

from __future__ import annotations

import filecmp
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..labels import LabelTable, write_tag_table
from ..labels.label_table import ABSENT
from .decision_files import read_decisions
from .decisions import Merged, apply_decisions, merge_decisions
from .training_table import TrainingLabels

SHOWN = 8  # conflicts in a message


@dataclass(frozen=True)
class Review:
    """Outcome of applying decisions.

    Attributes:
        out: File of the result.
        merged: Decisions that were applied, and conflicts, which were not.
        before: Labels before the review.
        after: Labels after it, as the file holds them.
        absences_lost: Verified absences that the format of the file cannot hold.
        already_there: Whether the file held this result before, so that nothing was written.
    """

    out: Path
    merged: Merged
    before: LabelTable
    after: LabelTable
    absences_lost: int
    already_there: bool = False

    def lines(self) -> list[str]:
        """Return a report, line by line."""
        kinds = Counter(one.decision for one in self.merged.decisions.values())
        present = int(self.after.counts().present.sum() - self.before.counts().present.sum())
        absent = int(self.after.counts().absent.sum() - self.before.counts().absent.sum())
        lines = [
            f'{kinds.total()} decisions: {kinds["present"]} present, {kinds["absent"]} absent, '
            f'{kinds["unsure"]} unsure',
            f'labels: {present:+d} present, {absent:+d} absent',
        ]
        if self.merged.conflicts:
            lines.append(f'{len(self.merged.conflicts)} conflicts, left as they were:')
            lines += [
                f'  {one.image!r}, {one.class_name!r}: {one.decision} ({one.where}), '
                f'{other.decision} ({other.where})'
                for one, other in self.merged.conflicts[:SHOWN]
            ]
            if len(self.merged.conflicts) > SHOWN:
                lines.append(f'  and {len(self.merged.conflicts) - SHOWN} more')
        if self.absences_lost:
            lines.append(
                f'warning: {self.out} lists positives only, so {self.absences_lost} verified absences '
                'are lost: write a table (.csv, .jsonl, .parquet) to keep them'
            )
        if self.already_there:
            return [*lines, f'{self.out} holds this result already: nothing was written']
        return [*lines, f'written: {self.out}']


def apply_review(
    labels: TrainingLabels,
    decisions: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
) -> Review:
    """Merge files of decisions into the training labels and write the result.

    A file that exists is never replaced. If it holds the result already, the call succeeds.

    Args:
        labels: Training labels.
        decisions: Files with decisions.
        out: File to write: ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet``, or
            ``.txt`` for a list ``name,ids``, which cannot hold absences.

    Raises:
        DataError: If a decision cannot be used, or is about another image or class.
        FileExistsError: If ``out`` exists and holds anything else than the result.
        OSError: If a file cannot be read or written.
    """
    out = Path(out)
    merged = merge_decisions([read_decisions(path) for path in decisions])
    after = apply_decisions(labels.table, merged.decisions.values())
    lost = 0
    written = after
    if out.suffix.lower() == '.txt':
        lost = int((after.values == ABSENT).sum())
        written = after.positives_only()
    already_there = out.exists()
    if already_there and not _holds(out, written):
        raise FileExistsError(
            f'{out} exists and is not the result of this review: give another name'
        )
    if not already_there:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_tag_table(out, written)
    return Review(out, merged, labels.table, written, lost, already_there)


def _holds(file: Path, table: LabelTable) -> bool:
    """Return whether a file is the one that the table would be written to, byte by byte."""
    with TemporaryDirectory() as folder:
        again = Path(folder, file.name)
        try:
            write_tag_table(again, table)
        except ValueError:  # a format that cannot be written
            return False
        return filecmp.cmp(file, again, shallow=False)
