"""The record of a run, read from its work directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...evaluation import Predictions
from ...runtime.thresholds import config_thresholds
from ..run_folder import read_run_json
from . import config_summary
from .kept_predictions import read_predictions
from .logs import (
    SCALARS,
    logged_versions,
    read_recovery,
    read_scores,
    scalar_files,
    training_seconds,
)
from .published import Published


@dataclass(frozen=True)
class RunRecord:
    """What a run came to. :func:`read_run` sets the first fields, :func:`read_record` all.

    Attributes:
        folder: Work directory of the run.
        setting: Data set, backbone, length and precision: what runs of one table have in common.
        recipe: Fingerprint of the config except loss, labels and seed.
        loss: Name of the loss.
        labels: Protocol, or name of the label list.
        seed: Seed of the training.
        published: The paper's figure, if the run has its recipe.
        planned: Epochs (or iterations) that the config asks for.
        scores: Scores of each validation, with its epoch (or iteration) under ``step``.
        predictions: Predictions of the last validation.
        recovery: What ``LabelRecoveryHook`` counted in each epoch, if the run had the hook.
        seconds: Duration of the training.
        versions: Versions of the packages, by name.
        command: Command that trained the run, relative to the folder of the study.
        table: Runs with the same value share a table of the report.
        base: Config that the run changes, if known.
        options: What it changes there.
        thresholds: Where its config states decision thresholds for the validation, and which, if any.
    """

    folder: Path
    setting: str
    recipe: str
    loss: str
    labels: str
    seed: int | None
    published: Published | None
    planned: int
    scores: Sequence[Mapping[str, float]]
    predictions: Predictions | None = None
    recovery: Sequence[Mapping[str, Any]] = ()
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None
    table: str = ''
    base: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    thresholds: tuple[str, Any] | None = None

    def last(self, score: str) -> float:
        """Return a score of the last validation, of the averaged model where there is one."""
        return self.scores[-1][f'multi-label/{score}']

    @property
    def best(self) -> float:
        """Highest mAP of all validations, of the raw or the averaged model, as the paper counts."""
        keys = 'multi-label/mAP', 'raw/multi-label/mAP'
        return max(row[key] for row in self.scores for key in keys if row.get(key) is not None)

    @property
    def reached(self) -> int:
        """Epoch (or iteration) of the last validation."""
        return int(self.scores[-1]['step'])

    @property
    def complete(self) -> bool:
        """Whether the run was validated at its planned end."""
        return self.reached >= self.planned


def find_runs(roots: Iterable[Path]) -> list[Path]:
    """Return the work directories in and under some folders, sorted.

    Raises:
        FileNotFoundError: If a folder does not exist, or none of them holds a run.
    """
    roots, folders = list(roots), set()
    for root in roots:
        if not root.is_dir():
            raise FileNotFoundError(f'no folder {root}')
        folders |= {log.parents[2] for log in root.rglob('vis_data/scalars.json')}
    if not folders:
        raise FileNotFoundError(f'no run ({SCALARS}) under {list(map(str, roots))}')
    return sorted(folders)


def read_run(folder: Path) -> RunRecord | None:
    """Read config and scores of a run, finished or not; None if nothing was validated yet.

    The config that MMEngine left beside the log is Python and is executed: read only runs that you
    trust.

    Raises:
        ValueError: If a log is damaged.
    """
    scores = read_scores(folder)
    if not scores:
        return None
    cfg = Config.fromfile(scalar_files(folder)[-1].with_name('config.py'))
    return RunRecord(
        folder=folder,
        setting=config_summary.setting(cfg),
        recipe=config_summary.recipe(cfg),
        loss=config_summary.loss_name(cfg.model.head.loss),
        labels=config_summary.labels_name(cfg),
        seed=cfg.get('randomness', {}).get('seed'),
        published=config_summary.published_figure(cfg),
        planned=config_summary.planned_length(cfg)[0],
        scores=scores,
        thresholds=config_thresholds(cfg, 'val'),
    )


def read_record(folder: Path, **names: Any) -> RunRecord:
    """Read all of a finished run, whether a study or ``tools/train.py`` itself trained it.

    Args:
        folder: Work directory. It must hold ``predictions.npz`` of the last epoch; if it does not,
            the error says how ``tools/test.py`` writes the file.
        **names: Fields of the record that a study file says better than the config: ``loss``,
            ``labels``, ``seed``, ``table``, ``base``, ``options``.

    Raises:
        FileNotFoundError: If there are no predictions.
        ValueError: If the run is not finished, the predictions are not those of its last
            validation, or a file is damaged.
    """
    record = read_run(folder)
    if record is None or not record.complete:
        reached = '' if record is None else f': {record.reached} of {record.planned}'
        raise ValueError(f'{folder} is not finished{reached}')
    run_json = read_run_json(folder)
    return replace(
        record,
        predictions=read_predictions(folder, record.last('mAP')),
        recovery=read_recovery(folder),
        seconds=training_seconds(folder),
        versions=run_json.get('versions') or logged_versions(folder),
        command=run_json.get('command'),
        **names,
    )
