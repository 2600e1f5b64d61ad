"""An audit: from a config to proposals, their expected yield and the review page."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..files import atomic_write
from ..pages.thumbnails import Progress
from .estimate_file import EstimateSample
from .estimation import draw_entries
from .exchange import export_proposals
from .expected_yield import kept_share, milestones, missing_probability
from .label_blocks import present_counts
from .maps import read_boxes
from .progress_report import ESTIMATE
from .proposal_file import write_proposals
from .proposals import propose
from .review_page import write_review_pages
from .training_table import TrainingLabels


@dataclass(frozen=True)
class Audit:
    """Outcome of an audit.

    Attributes:
        proposals: Likely missing labels, then likely wrong positives.
        kept: Estimated share of the true labels that is observed.
        expected_right: Expected number of right proposals among the first k likely missing labels.
        zeros_verified: Whether a 0 in the labels was a verified absence.
        files: Files that were written.
        estimate_page: The first page of the entries that were drawn for an estimate; None without.
        exported: For each tool of the exports how to import them.
    """

    proposals: np.ndarray
    kept: float
    expected_right: np.ndarray
    zeros_verified: bool
    files: list[Path]
    estimate_page: Path | None = None
    exported: Sequence[str] = ()

    @property
    def page(self) -> Path:
        """The first review page."""
        return next(path for path in self.files if path.suffix == '.html')

    def lines(self) -> list[str]:
        """Return a report, line by line."""
        zeros = 'verified absences stay' if self.zeros_verified else '0 counts as unobserved'
        return [
            f'{len(self.proposals):,} proposals ({zeros})',
            *(
                f'of the first {k:,}, about {self.expected_right[k - 1]:,.0f} are missing labels'
                for k in milestones(len(self.expected_right))
            ),
            'written: ' + ', '.join(map(str, self.files)),
            *self.exported,
        ]


def audit_labels(
    labels: TrainingLabels,
    probabilities: np.ndarray,
    folder: str | os.PathLike[str],
    *,
    limit: int | None = None,
    wrong: int = 0,
    order: str = 'alternating',
    estimate: int = 0,
    seed: int = 0,
    maps: str | os.PathLike[str] | None = None,
    exports: Sequence[str] = (),
    about: dict[str, Any] | None = None,
    title: str = 'Review',
    progress: Progress = iter,
) -> Audit:
    """Write ``proposals.csv``, the review page and ``audit.json``.

    Args:
        labels: Training labels.
        probabilities: Probability of presence, best from a model that did not see them, (N, C).
        folder: Folder for the files; it is made.
        limit: Number of proposals of missing labels; by default 3 % of the unobserved entries.
        wrong: Number of proposals of wrong positives.
        order: As for :func:`~mmpretrain_mlml.audit.propose`.
        estimate: Number of entries to draw for an estimate of the number of missing labels; they
            get a review page of their own, in the folder ``estimate``.
        seed: Seed of the draw.
        maps: Where the model looks, as for :func:`~mmpretrain_mlml.audit.read_boxes`.
        exports: Tools to write the proposals for, as for
            :func:`~mmpretrain_mlml.audit.export_proposals`; each gets a folder of its own.
        about: Further entries of ``audit.json``, such as how the probabilities were made.
        title: Heading of the page.
        progress: Function that shows progress over the images of the page.

    Raises:
        OSError: If a file cannot be written or an image not be opened.
        ValueError: If nothing is unobserved, or the probabilities do not fit the labels.
    """
    table = labels.table
    unobserved = int(table.counts().unobserved.sum())
    if not unobserved:
        raise ValueError(
            'nothing is unobserved in the training labels: there is nothing to propose'
        )
    limit = max(1, round(0.03 * unobserved)) if limit is None else limit
    missing = propose(probabilities, table, limit, order=order)
    kept = kept_share(probabilities, table)
    expected = np.cumsum(missing_probability(missing['probability'], kept))
    proposals = np.concatenate([missing, propose(probabilities, table, wrong, 'wrong')])

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_proposals(folder / 'proposals.csv', proposals, table.names, table.classes)
    boxes = None if maps is None else read_boxes(maps, proposals, table.names, table.classes)
    shown = (table.names, table.classes, labels.open_image)
    pages = write_review_pages(
        folder,
        proposals,
        *shown,
        file_of=labels.file_of,
        boxes=boxes,
        title=title,
        progress=progress,
    )
    exported = [
        export_proposals(tool, folder / tool, proposals, *shown, file_of=labels.file_of)
        for tool in exports
    ]
    drawn, estimate_page = [], None
    if estimate:
        sample = draw_entries(probabilities, table, estimate, seed=seed)
        frequency = present_counts(table)
        named = EstimateSample.named(sample, table.names, table.classes, frequency, unobserved)
        (folder / ESTIMATE).parent.mkdir(exist_ok=True)
        drawn = write_review_pages(
            (folder / ESTIMATE).parent,
            named.proposals(),
            *shown,
            file_of=labels.file_of,
            title=f'{title}: estimate',
        )
        named.save(folder / ESTIMATE)
        estimate_page, drawn = drawn[0], [*drawn, folder / ESTIMATE]
    report = {
        **(about or {}),
        'images': len(table),
        'classes': list(table.classes),
        'unobserved': unobserved,
        'zeros_verified': labels.zeros_verified,
        'proposals': {'missing': len(missing), 'wrong': len(proposals) - len(missing)},
        'order': order,
        'estimate': estimate,
        'kept_share': kept,
        'expected_right': {str(k): float(expected[k - 1]) for k in milestones(len(missing))},
    }
    with atomic_write(folder / 'audit.json', 'w') as file:
        json.dump(report, file, indent=2)
    files = [folder / 'proposals.csv', *pages, folder / 'audit.json', *drawn]
    return Audit(proposals, kept, expected, labels.zeros_verified, files, estimate_page, exported)
