"""What a finished run left behind, as far as a report wants it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..evaluation import Predictions, multi_label_scores
from .results import Result, read_result
from .runs import PREDICTIONS, read_note, read_recovery, read_scores

_NEAR = 0.1  # percent: what other batches and threads can change in a score


@dataclass(frozen=True)
class Record:
    """A finished run.

    Attributes:
        result: Loss, labels, seed, folder, best and last mAP, the paper's figure.
        table: Runs of one table of the report share it.
        scores: Of each validation, with its epoch under ``step``.
        predictions: Of the last validation.
        recovery: What :class:`LabelRecoveryHook` noted of each epoch, if it was there.
        seconds: That the run took, over all resumptions.
        versions: Of the packages, by name.
        command: That ran it, if known; paths are relative to the study's folder.
        base: The config that it changes, if known.
        options: What it changes there.
    """

    result: Result
    table: str
    scores: Sequence[Mapping[str, float]]
    predictions: Predictions
    recovery: Sequence[Mapping[str, Any]]
    seconds: float
    versions: Mapping[str, str]
    command: str | None
    base: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def last(self, score: str) -> float:
        return self.scores[-1][f'multi-label/{score}']


def read_record(
    folder: Path,
    table: str = '',
    base: str | None = None,
    options: Mapping[str, Any] | None = None,
    **names: Any,
) -> Record:
    """Reads the folder of a finished run, whether a study or tools/train.py itself has run it.

    Args:
        folder: Work directory. It holds ``predictions.npz`` of the last epoch; where it does not,
            tools/test.py writes it: see the error.
        table: See :class:`Record`.
        base: See :class:`Record`.
        options: See :class:`Record`.
        **names: ``loss``, ``labels`` or ``seed``, where they are not to be called as the config does.

    Raises:
        FileNotFoundError: No predictions.
        ValueError: The run is not finished, or the predictions are not those of its last validation.
    """
    result = read_result(folder)
    if result is None or not result.complete:
        reached = '' if result is None else f': {result.reached} of {result.planned}'
        raise ValueError(f'{folder} is not finished{reached}')
    path = folder / PREDICTIONS
    if not path.is_file():
        raise FileNotFoundError(
            f'no {path}: python tools/test.py CONFIG {folder}/CHECKPOINT_OF_THE_LAST_EPOCH.pth '
            f'--work-dir {folder}/test --cfg-options test_evaluator.out={path}'
        )
    predictions = Predictions.load(path)
    found = multi_label_scores(predictions.scores, predictions.targets).summary['mAP']
    if abs(found - result.last) > _NEAR:
        raise ValueError(
            f'{path} has mAP {found:.2f}, the last validation of the run {result.last:.2f}: expected '
            'predictions of the last checkpoint on the same images'
        )
    note = read_note(folder)
    logs = [_log(log) for log in sorted(folder.glob('*/vis_data/scalars.json'))]
    return Record(
        replace(result, **names),
        table,
        read_scores(folder),
        predictions,
        read_recovery(folder),
        sum(_seconds(log) for log in logs),
        note.get('versions') or _versions(logs[-1]),
        note.get('command'),
        base,
        options or {},
    )


def _log(scalars: Path) -> str:
    """The text log beside a file of scalars."""
    folder = scalars.parents[1]
    path = folder / f'{folder.name}.log'
    return path.read_text(errors='replace') if path.is_file() else ''


def _seconds(log: str) -> float:
    times = re.findall(r'^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) ', log, re.MULTILINE)
    if not times:
        return 0.0
    first, last = (datetime.strptime(times[at], '%Y/%m/%d %H:%M:%S') for at in (0, -1))
    return (last - first).total_seconds()


def _versions(log: str) -> dict[str, str]:
    """Those that MMEngine writes into its log."""
    return {
        name.lower().replace('pytorch', 'torch'): found.group(1)
        for name in ('Python', 'PyTorch', 'MMEngine')
        if (found := re.search(rf'^ +{name}: (\S+)', log, re.MULTILINE))
    }
