"""The cells of a table: runs of one loss on one label list that differ in the seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, stdev

from ..records.config_summary import LISTS
from ..records.published import Published
from ..records.run_record import RunRecord
from .bootstrap import Estimate
from .paired import ClassGains

SCORES = ('mAP', 'OF1')  # scores that a report compares


@dataclass(frozen=True)
class Cell:
    """The runs of one loss on one label list.

    The fields after ``runs`` are set by :func:`.compare`.

    Attributes:
        runs: One run for each seed.
        differences: Difference to the reference, by score, in percentage points.
        difference_seeds: Seeds with which both losses were trained; the differences are their means.
        closed: Share of the way from the reference on these labels to the reference on full labels,
            by score, in percent. Only where the interval of that way lies above 0.
        closed_seeds: Seeds with which all three were trained.
        gains: What each class gains over the reference.
    """

    runs: Sequence[RunRecord]
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    difference_seeds: Sequence[int] = ()
    closed: Mapping[str, Estimate] = field(default_factory=dict)
    closed_seeds: Sequence[int] = ()
    gains: ClassGains | None = None

    def values(self, score: str) -> list[float]:
        """Return a score of each run.

        Args:
            score: A score of the last validation, such as ``'OF1'``; or the mAP of the ``'best'`` or
                the ``'last'`` validation.
        """
        if score == 'best':
            return [run.best for run in self.runs]
        return [run.last('mAP' if score == 'last' else score) for run in self.runs]

    def history(self, score: str) -> list[list[float]]:
        """Return a score of all validations of each run."""
        return [[row[f'multi-label/{score}'] for row in run.scores] for run in self.runs]

    def mean(self, score: str) -> float:
        """Return the mean of :meth:`values`."""
        return mean(self.values(score))

    def deviation(self, score: str) -> float | None:
        """Return the standard deviation of :meth:`values`; None for a single run."""
        values = self.values(score)
        return stdev(values) if len(values) > 1 else None

    @property
    def published(self) -> Published | None:
        """The paper's figure, if all runs have its recipe."""
        figures = {run.published for run in self.runs}
        return figures.pop() if len(figures) == 1 else None

    def recovery(self, rate: str) -> list[float]:
        """Return a recovery rate of the last epoch of each run; empty unless all runs have it."""
        last = [run.recovery[-1] if run.recovery else {} for run in self.runs]
        return [row[rate] for row in last] if all(rate in row for row in last) else []


Cells = dict[tuple[str, str], Cell]


def group_runs(records: Iterable[RunRecord]) -> Cells:
    """Return the cells that records make, by loss and labels, in the order of the records.

    Raises:
        ValueError: If two runs of a cell have the same seed and would count twice.
    """
    by_place: dict[tuple[str, str], list[RunRecord]] = {}
    for record in records:
        runs = by_place.setdefault((record.loss, record.labels), [])
        for twin in runs:
            if twin.seed == record.seed:
                raise ValueError(
                    f'{twin.folder} and {record.folder} are the same run: {record.loss}, '
                    f'{record.labels}, seed {record.seed}. Leave one out'
                )
        runs.append(record)
    return {
        place: Cell(sorted(runs, key=lambda run: -1 if run.seed is None else run.seed))
        for place, runs in by_place.items()
    }


def losses_and_lists(cells: Cells) -> tuple[list[str], list[str]]:
    """Return the losses in the order of the cells, and the label lists from most to fewest labels."""
    losses = list(dict.fromkeys(loss for loss, _ in cells))
    lists = dict.fromkeys(labels for _, labels in cells)
    return losses, [*(n for n in LISTS if n in lists), *(n for n in lists if n not in LISTS)]


def group_by_setting(records: Iterable[RunRecord]) -> dict[str, Cells]:
    """Return the cells of finished runs for each setting, sorted.

    Runs of one setting that differ in their recipe are kept apart, by its fingerprint.

    Raises:
        ValueError: If two runs of a cell have the same seed and would count twice.
    """
    complete = [record for record in records if record.complete]
    recipes: dict[str, set[str]] = {}
    for record in complete:
        recipes.setdefault(record.setting, set()).add(record.recipe)
    by_title: dict[str, list[RunRecord]] = {}
    for record in sorted(complete, key=lambda record: (record.loss, record.labels)):
        several = len(recipes[record.setting]) > 1
        title = record.setting + (f', recipe {record.recipe}' if several else '')
        by_title.setdefault(title, []).append(record)
    return {title: group_runs(by_title[title]) for title in sorted(by_title)}
