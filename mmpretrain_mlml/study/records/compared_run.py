"""A run as a comparison takes it: a work directory, or a file of predictions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config

from ...evaluation import Predictions
from ...evaluation.threshold_values import DEFAULT
from ...printable import first_few
from ...runtime.thresholds import resolve_thresholds
from ..run_folder import PREDICTIONS
from .kept_predictions import read_predictions
from .logs import SCALARS, read_scores, scalar_files
from .missing_labels import missing_share


@dataclass(frozen=True)
class ComparedRun:
    """Predictions of a run on the validation images, and what is known of its training.

    Attributes:
        path: Work directory, or file.
        predictions: Predictions of the last validation.
        threshold: Decision threshold, or one for each class, (C,).
        missing: Share of each class's training labels that was missing, (C,); NaN for classes
            without labels; None if that is not known.
        why_unknown: Why ``missing`` is not known.
    """

    path: Path
    predictions: Predictions
    threshold: float | np.ndarray = 0.5
    missing: np.ndarray | None = None
    why_unknown: str = ''


def read_compared_run(
    path: str | os.PathLike[str], threshold: float | None = None, count_missing: bool = True
) -> ComparedRun:
    """Read the predictions that a run kept.

    The config that MMEngine left beside the log of a work directory is Python and is executed: read
    only runs that you trust. A file of predictions is data.

    Args:
        path: Work directory with ``predictions.npz``, or a file that ``MultiLabelScores(out=...)``
            wrote.
        threshold: Decision threshold; by default that of the run's validation, or 0.5 for a file.
        count_missing: Whether to count the labels that were missing in training, for which the label
            file of the run may be read.

    Raises:
        FileNotFoundError: If there is no such file or folder, or no predictions were kept.
        ValueError: If the predictions are damaged, or not those of the last validation, or the
            thresholds of the run are of other classes.
    """
    path, given = Path(path), DEFAULT if threshold is None else threshold
    if path.is_file():
        reason = 'a file of predictions does not say how it was trained'
        return ComparedRun(path, Predictions.load(path), given, None, reason)
    if not path.is_dir():
        raise FileNotFoundError(f'no file or folder {path}: expected a work directory, or an .npz')
    logs = scalar_files(path)
    if not logs:
        return _without_log(path, given)
    scores = read_scores(path)
    last = scores[-1]['multi-label/mAP'] if scores else None
    predictions = read_predictions(path, last)
    classes = predictions.classes.tolist()
    cfg = Config.fromfile(logs[-1].with_name('config.py'))
    missing, reason = None, 'it was not asked for'
    if count_missing:
        try:
            missing = missing_share(path, cfg, classes)
        except ValueError as error:
            reason = str(error)
    thresholds = resolve_thresholds(classes, cfg, given=threshold, split='val').values
    return ComparedRun(path, predictions, thresholds, missing, reason)


def _without_log(path: Path, threshold: float) -> ComparedRun:
    if not (path / PREDICTIONS).is_file():
        below = sorted({str(log.parents[2]) for log in path.rglob('vis_data/scalars.json')})
        hint = f'; there are runs below it: {first_few(below)}' if below else ''
        raise FileNotFoundError(f'{path} is no run ({SCALARS}) and holds no {PREDICTIONS}{hint}')
    return ComparedRun(path, read_predictions(path), threshold, None, f'{path} has no log')


def names_of_runs(arguments: Sequence[str]) -> dict[str, list[Path]]:
    """Return the paths of runs by name, in the order of the arguments.

    Args:
        arguments: ``'NAME=PATH'``, where several may have the same name; or ``'PATH'``, which is named
            by as many of its last parts as tell it from the others.

    Raises:
        ValueError: If a run is given twice, or nothing stands on one side of ``=``.

    >>> list(names_of_runs(['Hill=a/hill', 'Hill=b', 'x/run', 'y/run', 'val.npz']))
    ['Hill', 'x/run', 'y/run', 'val']
    """
    split = [_split(argument) for argument in arguments]
    paths = [Path(path) for _, path in split]
    for number, path in enumerate(paths):
        if path.resolve() in [other.resolve() for other in paths[:number]]:
            raise ValueError(f'{path} is given twice')
    given = {name for name, _ in split}
    named: dict[str, list[Path]] = {}
    for (name, _), path in zip(split, paths, strict=True):
        short = _short_name(path, paths)
        named.setdefault(name or (str(path) if short in given else short), []).append(path)
    return named


def _split(argument: str) -> tuple[str, str]:
    name, sign, path = argument.partition('=')
    if not sign or Path(argument).exists():
        return '', argument
    if not name or not path:
        raise ValueError(f'expected NAME=RUN, got {argument!r}')
    return name, path


def _short_name(path: Path, paths: Sequence[Path]) -> str:
    others = [other for other in paths if other != path]
    parts = path.with_suffix('').parts if path.suffix == '.npz' else path.parts
    for count in range(1, len(parts) + 1):
        if all(other.parts[-count:] != path.parts[-count:] for other in others):
            return '/'.join(parts[-count:])
    return str(path)
