"""What decisions say about an audit: how many labels are missing, and what is still to be found."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..labels import DataError
from .decision_files import read_decisions
from .decisions import Decision, Entry, Merged, merge_decisions
from .estimate_file import EstimateSample, SampleEstimate
from .expected_yield import calibrate, milestones, missing_probability
from .proposal_file import read_proposals

ESTIMATE = Path('estimate/sample.json')  # in the folder of an audit


@dataclass(frozen=True)
class ProgressReport:
    """What decisions say about the proposals of an audit.

    Attributes:
        decided: Number of decided proposals.
        right: Number of them that are missing labels.
        expected_before: Number of them that was expected to be, before anybody looked.
        expected_right: Expected number of missing labels among the next k undecided proposals, by k.
        estimate: Estimated number of missing labels; None before the whole sample is decided.
        undecided: Number of entries of the sample that are undecided.
        conflicts: Number of entries on which people disagree; they count as undecided.
    """

    decided: int
    right: int
    expected_before: float
    expected_right: np.ndarray
    estimate: SampleEstimate | None
    undecided: int
    conflicts: int

    def lines(self) -> list[str]:
        """Return a report, line by line."""
        lines = []
        if self.decided:
            lines.append(
                f'{self.decided:,} proposals are decided, {self.right:,} of them missing labels '
                f'(about {self.expected_before:,.0f} were expected)'
            )
        if self.conflicts:
            lines.append(f'{self.conflicts} conflicts between files count as undecided')
        lines += [
            f'of the next {k:,}, about {self.expected_right[k - 1]:,.0f} are missing labels'
            for k in milestones(len(self.expected_right))
        ]
        if self.undecided:
            lines.append(
                f'no estimate of all missing labels yet: {self.undecided} of its entries are '
                'undecided, and each stands for many others'
            )
        return lines + (self.estimate.lines() if self.estimate else [])


def report_progress(
    folder: str | os.PathLike[str], files: Sequence[str | os.PathLike[str]]
) -> ProgressReport:
    """Compare decisions with the audit that proposed them.

    Args:
        folder: Folder of the audit, with ``proposals.csv`` and ``audit.json``, and with
            ``estimate/sample.json`` if a sample was drawn.
        files: Files with decisions.

    Raises:
        DataError: If a file cannot be used, or a decision is about an entry that was not proposed.
        OSError: If a file cannot be read.
    """
    folder = Path(folder)
    if not (folder / 'proposals.csv').is_file():
        raise FileNotFoundError(f'{folder} holds no audit: expected the --out-dir of one')
    rows = read_proposals(folder / 'proposals.csv')
    missing = [row for row in rows if row.kind == 'missing']
    kept = _kept_share(folder / 'audit.json')
    sample = EstimateSample.load(folder / ESTIMATE) if (folder / ESTIMATE).is_file() else None
    merged = merge_decisions([read_decisions(path) for path in files])
    drawn = sample.entries if sample else []
    _require_known(merged, {row.entry for row in rows} | set(drawn))

    decisions = merged.decisions
    # Not by decisions about the sample: most of it is improbable, and would tilt the correction.
    chance = missing_probability(np.array([row.probability for row in missing]), kept)
    answers = np.array([_answer(decisions.get(row.entry)) for row in missing], np.int64)
    known = np.flatnonzero(answers >= 0)
    corrected = calibrate(chance, known, answers[known] == 1)
    decided = answers >= 0
    undecided = sum(entry not in decisions for entry in drawn)
    return ProgressReport(
        int(decided.sum()),
        int((answers == 1).sum()),
        float(chance[decided].sum()),
        np.cumsum(corrected[~decided]),
        sample.evaluate(decisions) if sample and not undecided else None,
        undecided,
        len(merged.conflicts),
    )


def _answer(decision: Decision | None) -> int:
    """Return 1 for present, 0 for absent, -1 for unsure or undecided."""
    return {'present': 1, 'absent': 0}.get(decision.decision, -1) if decision else -1


def _kept_share(path: Path) -> float:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        return float(content['kept_share'])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(str(path), f'{error!r}', 'a report of audit_labels.py') from error


def _require_known(merged: Merged, known: set[Entry] | Mapping[Entry, object]) -> None:
    for entry, decision in merged.decisions.items():
        if entry not in known:
            raise DataError(
                decision.where,
                f'a decision about {entry[0]!r}, {entry[1]!r}',
                'one about a proposal of this audit: give the --out-dir of its proposals.csv',
            )
