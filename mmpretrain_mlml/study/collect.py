"""From work directories to the paper's table: losses by label lists, mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from matplotlib.figure import Figure
from mmengine.config import Config

from ..labels.protocols import PROTOCOLS
from .published import PUBLISHED_COCO
from .runs import read_scores

LISTS = tuple(PROTOCOLS)
PAPER_SETTING = 'COCOMissingLabel, ResNet-50, 31 epochs'


@dataclass(frozen=True)
class Result:
    """What one run came to.

    Attributes:
        folder: Its work directory.
        setting: What runs of one table have in common: data, backbone, epochs.
        loss: Its loss.
        labels: Its label list: a protocol, or the name of a list.
        seed: Of the run.
        best: Highest mAP of all validations, of the raw or the averaged model, as the paper counts.
        last: mAP of the last validation, of the averaged model where there is one.
        epochs: Validated.
        planned: Epochs the config asks for.
    """

    folder: Path
    setting: str
    loss: str
    labels: str
    seed: int | None
    best: float
    last: float
    epochs: int
    planned: int

    @property
    def complete(self) -> bool:
        return self.epochs >= self.planned


def find_runs(roots: Iterable[Path]) -> list[Path]:
    """The work directories in and under some folders, sorted.

    Raises:
        FileNotFoundError: A folder is not there, or none of them holds a run.
    """
    found = set()
    for root in roots:
        if not root.is_dir():
            raise FileNotFoundError(f'no folder {root}')
        found |= {log.parents[2] for log in root.rglob('vis_data/scalars.json')}
    if not found:
        raise FileNotFoundError(f'no run (*/vis_data/scalars.json) under {list(map(str, roots))}')
    return sorted(found)


def read_result(folder: Path) -> Result | None:
    """Reads a work directory; None where nothing was validated yet.

    The config that MMEngine left beside the log is read, and so executed: collect your own runs.
    """
    configs = sorted(folder.glob('*/vis_data/config.py'))
    rows = read_scores(folder)
    if not configs or not rows:
        return None
    cfg = Config.fromfile(configs[-1])
    scores = [[row['multi-label/mAP'], row.get('raw/multi-label/mAP')] for row in rows]
    dataset = cfg.train_dataloader.dataset
    planned = cfg.train_cfg.get('max_epochs', 0)
    return Result(
        folder=folder,
        setting=f'{_short(dataset.type)}, {_backbone(cfg.model.backbone)}, {planned} epochs',
        loss=_loss(cfg.model.head.loss),
        labels=_labels(dataset),
        seed=cfg.get('randomness', {}).get('seed'),
        best=max(value for pair in scores for value in pair if value is not None),
        last=scores[-1][0],
        epochs=len(rows),
        planned=planned,
    )


def by_cell(results: Iterable[Result]) -> dict[str, dict[tuple[str, str], list[Result]]]:
    """Complete runs by setting, then by loss and label list.

    Raises:
        ValueError: Two runs of a cell have the same seed, so that they would count twice.
    """
    tables: dict[str, dict[tuple[str, str], list[Result]]] = {}
    for result in results:
        if not result.complete:
            continue
        cell = tables.setdefault(result.setting, {}).setdefault((result.loss, result.labels), [])
        twins = [other.folder for other in cell if other.seed == result.seed]
        if twins:
            raise ValueError(
                f'{twins[0]} and {result.folder} are the same run: {result.loss}, {result.labels}, '
                f'seed {result.seed}. Leave one out'
            )
        cell.append(result)
    return tables


def markdown(results: Sequence[Result], score: str = 'best') -> str:
    """The tables of all settings, with the paper's figures where they are comparable.

    Args:
        results: Of all runs; incomplete ones are named below the tables, and count in none.
        score: ``'best'`` or ``'last'``.
    """
    lines = []
    for setting, cells in sorted(by_cell(results).items()):
        lists = _ordered({labels for _, labels in cells})
        lines += [
            f'### {setting}',
            '',
            f'mAP, {_meaning(score)}; mean ± standard deviation over n seeds',
            '',
            '| loss | ' + ' | '.join(lists) + ' |',
            '|---' * (len(lists) + 1) + '|',
        ]
        for loss in sorted({loss for loss, _ in cells}):
            row = [_cell(cells.get((loss, labels)), score) for labels in lists]
            lines.append(f'| {loss} | ' + ' | '.join(row) + ' |')
            published = [_published(setting, loss, labels) for labels in lists]
            if any(published):
                lines.append(f'| {loss} in the paper | ' + ' | '.join(published) + ' |')
        lines.append('')
    unfinished = [result for result in results if not result.complete]
    if unfinished:
        lines += ['Not counted, since unfinished:', '']
        lines += [f'- {r.folder}: {r.epochs} of {r.planned} epochs' for r in unfinished]
        lines.append('')
    return '\n'.join(lines)


def draw_results(results: Sequence[Result], path: Path, score: str = 'best') -> None:
    """Draws the tables: a panel a setting, a line a loss over the label lists, published ones dashed.

    Raises:
        ValueError: No run is complete.
    """
    tables = by_cell(results)
    if not tables:
        raise ValueError('no complete run to draw')
    figure = Figure(figsize=(6.5, 3.8 * len(tables)), layout='constrained')
    for panel, (setting, cells) in zip(
        figure.subplots(len(tables), squeeze=False)[:, 0], sorted(tables.items())
    ):
        lists = _ordered({labels for _, labels in cells})
        for number, loss in enumerate(sorted({loss for loss, _ in cells})):
            colour = f'C{number}'
            spot = [(i, cells[loss, name]) for i, name in enumerate(lists) if (loss, name) in cells]
            values = [[getattr(run, score) for run in runs] for _, runs in spot]
            panel.errorbar(
                [i for i, _ in spot],
                [mean(v) for v in values],
                yerr=[stdev(v) if len(v) > 1 else 0 for v in values],
                color=colour,
                marker='o',
                capsize=3,
                label=f'{loss} (n = {", ".join(str(len(v)) for v in values)})',
            )
            known = [(i, _figure_of_paper(setting, loss, name)) for i, name in enumerate(lists)]
            known = [(i, figure_) for i, figure_ in known if figure_]
            if known:
                panel.plot(*zip(*known), color=colour, linestyle='--', marker='x', alpha=0.6,
                           label=f'{loss} in the paper')  # fmt: skip
        panel.set(title=setting, ylabel=f'mAP, {_meaning(score)}', xlabel='labels')
        panel.set_xticks(range(len(lists)), lists)
        panel.grid(alpha=0.3)
        panel.legend(fontsize='small')
    figure.savefig(path, dpi=130)


def _meaning(score: str) -> str:
    return {'best': 'best epoch, raw or averaged', 'last': 'last epoch'}[score]


def _cell(runs: Sequence[Result] | None, score: str) -> str:
    if not runs:
        return ''
    values = [getattr(run, score) for run in runs]
    spread = f' ± {stdev(values):.2f}' if len(values) > 1 else ''
    return f'{mean(values):.2f}{spread} (n = {len(values)})'


def _published(setting: str, loss: str, labels: str) -> str:
    known = setting == PAPER_SETTING and PUBLISHED_COCO.get((loss, labels))
    return str(known) if known else ''


def _figure_of_paper(setting: str, loss: str, labels: str) -> float | None:
    known = setting == PAPER_SETTING and PUBLISHED_COCO.get((loss, labels))
    return known.map if known else None


def _ordered(labels: set[str]) -> list[str]:
    return [name for name in LISTS if name in labels] + sorted(labels - set(LISTS))


def _short(name: str) -> str:
    return name.rpartition('.')[2]


def _loss(cfg: Mapping) -> str:
    base = cfg.get('base')
    return _short(cfg['type']) + (f' on {_loss(base)}' if base else '')


def _backbone(cfg: Mapping) -> str:
    if 'model_name' in cfg:
        return cfg['model_name']
    detail = cfg.get('depth') or cfg.get('arch')
    return _short(cfg['type']) + (f'-{detail}' if detail else '')


def _labels(dataset: Mapping) -> str:
    """The protocol; for a label list, which holds what a protocol has left, the one in its name."""
    protocol = dataset.get('protocol', 'full')
    source = Path(dataset.get('ann_file', ''))
    if source.suffix != '.txt' or protocol != 'full':
        return protocol
    named = [name for name in sorted(LISTS, key=len, reverse=True) if name in source.stem]
    return named[0] if named else source.stem
