"""From the scores of runs to a table and a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev

from matplotlib.figure import Figure
from rich.table import Table

from ..visualization.colours import loss_colours

SHOWN, RECOVERED = ('mAP', 'OF1'), ('precision', 'recall')
_COLOURS = ('black', *loss_colours(('BCE', 'Hill', 'SPLC')).values())  # BCE on all labels first


@dataclass(frozen=True)
class Outcome:
    """What the runs of one setting, which differ in the seed, came to.

    Attributes:
        label: How figures and tables call the setting.
        history: By score name, one list per seed with a value per validation.
        recovered: Precision and recall, in percent, of what the loss took for missed positives in the
            last epoch, by name, one value per seed; empty where nobody counted.
    """

    label: str
    history: dict[str, list[list[float]]]
    recovered: dict[str, list[float]] = field(default_factory=dict)

    def final(self, score: str) -> list[float]:
        """The last validation's value, one per seed."""
        return [values[-1] for values in self.history[score]]

    def mean(self, score: str) -> float:
        return mean(self.final(score))

    def spread(self, score: str) -> float:
        """Standard deviation over seeds; 0 for a single one."""
        values = self.final(score)
        return stdev(values) if len(values) > 1 else 0.0


def summarise(
    label: str,
    runs: Sequence[Sequence[Mapping[str, float]]],
    recoveries: Sequence[Sequence[Mapping[str, float]]] = (),
) -> Outcome:
    """Collects what runs that differ in the seed alone came to.

    Args:
        label: How figures and tables call the setting.
        runs: The validations of each.
        recoveries: The epochs of each as :func:`read_recovery` gives them.
    """
    history = {
        score: [[row[f'multi-label/{score}'] for row in rows] for rows in runs] for score in SHOWN
    }
    counted = all(recoveries) and len(recoveries) == len(runs)
    recovered = {
        rate: [epochs[-1][rate] for epochs in recoveries]
        for rate in RECOVERED
        if counted and all(rate in epochs[-1] for epochs in recoveries)
    }
    return Outcome(label, history, recovered)


def gap_closed(low: Outcome, high: Outcome, outcome: Outcome, score: str = 'mAP') -> float:
    """Share, in percent, of the way from ``low`` to ``high`` that ``outcome`` goes."""
    return 100 * (outcome.mean(score) - low.mean(score)) / (high.mean(score) - low.mean(score))


def table(outcomes: Sequence[Outcome], closed: Mapping[str, float]) -> Table:
    """A table of final scores, in percent, with the share of the mAP gap that is closed.

    With columns on what the losses recovered where some did.
    """
    rates = [rate for rate in RECOVERED if any(rate in outcome.recovered for outcome in outcomes)]
    shown = Table('', *SHOWN, 'mAP gap closed', *(f'recovery {rate}' for rate in rates))
    for outcome in outcomes:
        cells = [
            f'{outcome.mean(s):.1f}' + (f' ± {outcome.spread(s):.1f}' if outcome.spread(s) else '')
            for s in SHOWN
        ]
        share = f'{closed[outcome.label]:.0f} %' if outcome.label in closed else ''
        recovered = [
            f'{mean(outcome.recovered[rate]):.0f} %' if rate in outcome.recovered else ''
            for rate in rates
        ]
        shown.add_row(outcome.label, *cells, share, *recovered)
    return shown


def draw(outcomes: Sequence[Outcome], title: str, path: Path) -> None:
    """Draws the curves over the epochs, one panel a score, as a PNG."""
    figure = Figure(figsize=(9, 3.6), layout='constrained')  # no window, whatever the backend
    panels = figure.subplots(1, len(SHOWN))
    for panel, score in zip(panels, SHOWN):
        for colour, outcome in zip(_COLOURS, outcomes):
            runs = outcome.history[score]
            epochs = range(1, len(runs[0]) + 1)
            middle = [mean(values) for values in zip(*runs)]
            label = f'{outcome.label}: {outcome.mean(score):.1f}'
            panel.plot(epochs, middle, marker='o', markersize=4, color=colour, label=label)
            if len(runs) > 1:
                low, high = zip(*((min(values), max(values)) for values in zip(*runs)))
                panel.fill_between(epochs, low, high, color=colour, alpha=0.15, linewidth=0)
        panel.set(title=f'{score} on fully labelled test images', xlabel='epoch', ylabel='percent')
        panel.set_xticks(list(epochs))
        panel.grid(alpha=0.3)
        panel.legend(loc='best', fontsize='small')
    figure.suptitle(title)
    figure.savefig(path, dpi=130)
