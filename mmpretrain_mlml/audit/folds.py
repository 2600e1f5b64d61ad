"""Scores of networks that did not see the labels they score: trainings on all folds but one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from ..apis.network import Progress, load_network
from ..runtime.unwrap import unwrap_dataset_config
from ..study.run import Run, fingerprint
from ..study.training import train
from .output_cache import cached_outputs
from .training_table import TrainingLabels

METRIC = 'mmpretrain_mlml.MultiLabelScores'


def fold_probabilities(
    cfg: Config,
    labels: TrainingLabels,
    folder: Path,
    *,
    folds: int,
    jobs: int,
    seed: int = 0,
    progress: Progress = iter,
) -> np.ndarray:
    """Train a config on all folds but one and score that one, for each fold.

    The trainings are those of ``tools/train.py``, a few at a time and one on each GPU. They and the
    scores resume where an earlier call has stopped. Each fold is scored with the best checkpoint of
    its training if there is one, otherwise with the last.

    Args:
        cfg: Config of the training.
        labels: Its training labels.
        folder: Folder of the trainings and scores; it is made. Another config has another subfolder.
        folds: Number of folds, in [2, N].
        jobs: Number of trainings at a time, positive.
        seed: Seed of the folds.
        progress: Function that shows progress over the batches of a fold.

    Returns:
        Probability of presence, (N, C), float32.

    Raises:
        RunsFailed: If a training failed, after the others are done.
        ValueError: If ``folds`` or ``jobs`` is out of range, or the evaluator of the config cannot
            save predictions.
    """
    count = len(labels.table)
    if not 2 <= folds <= count:
        raise ValueError(f'expected folds in [2, {count}], got {folds}')
    runs = fold_runs(cfg, folds, seed)
    folder = folder / f'folds_{fingerprint([run.fingerprint for run in runs])}'
    train(runs, folder, jobs, resume=True)
    probabilities = np.empty((count, len(labels.table.classes)), np.float32)
    for number, run in enumerate(runs):
        rows = held_out(count, number, folds, seed)
        model = load_network(cfg, str(_weights(folder / run.name)))
        images: Any = _Rows(labels.dataset, rows)
        probabilities[rows] = cached_outputs(folder, model, cfg, images, 'probabilities', progress)
    return probabilities


def fold_runs(cfg: Config, folds: int, seed: int) -> list[Run]:
    """Return a run for each fold: the config, trained on MMPretrain's ``KFoldDataset``.

    Raises:
        ValueError: If the evaluator of the config cannot save predictions.
    """
    evaluator = cfg.get('val_evaluator')
    if not isinstance(evaluator, dict) or evaluator.get('type') != METRIC:
        raise ValueError(
            f'--scores folds: expected val_evaluator to be one {METRIC}, got {evaluator!r}'
        )
    runs = []
    for number in range(folds):
        content = Config(cfg.to_dict())
        content.train_dataloader.dataset = _inside_wrappers(
            content.train_dataloader.dataset, number, folds, seed
        )
        title = f'# Written by tools/audit_labels.py: all but fold {number} of {folds}.\n'
        label = f'fold {number + 1} of {folds}'
        runs.append(Run(f'fold{number}', '', label, text=title + content.pretty_text))
    return runs


def _inside_wrappers(dataset: Any, number: int, folds: int, seed: int) -> dict[str, Any]:
    """Return the config of a data set without one fold, inside its wrappers."""
    if dataset is unwrap_dataset_config(dataset):
        return _part(dataset, number, folds, seed)
    return {**dataset, 'dataset': _inside_wrappers(dataset['dataset'], number, folds, seed)}


def _part(dataset: Mapping[str, Any], number: int, folds: int, seed: int) -> dict[str, Any]:
    split = {'fold': number, 'num_splits': folds, 'seed': seed}
    return {'type': 'KFoldDataset', 'dataset': dict(dataset), **split}


def held_out(count: int, number: int, folds: int, seed: int) -> list[int]:
    """Return the rows that ``KFoldDataset`` leaves out, of ``count`` images.

    >>> [held_out(5, number, 2, seed=0) for number in range(2)]
    [[2, 4], [3, 0, 1]]
    """
    rows = list(range(count))
    np.random.default_rng(seed).shuffle(rows)
    return rows[count * number // folds : count * (number + 1) // folds]


class _Rows:
    """Some images of a data set, without a copy of it.

    MMEngine's ``get_subset`` copies all that a data set holds except its list of images.
    """

    def __init__(self, dataset: Any, rows: list[int]) -> None:
        self.dataset, self.rows = dataset, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.rows[index]]

    def get_data_info(self, index: int) -> dict[str, Any]:
        info: dict[str, Any] = self.dataset.get_data_info(self.rows[index])
        return info


def _weights(folder: Path) -> Path:
    """Return the best checkpoint of a finished training, or its last."""
    best = sorted(folder.glob('best_*.pth'), key=lambda path: path.stat().st_mtime)
    if best:
        return best[-1]
    named = folder / 'last_checkpoint'
    if not named.is_file():
        raise ValueError(f'{folder} holds no checkpoint: the config saves none (default_hooks)')
    return folder / Path(named.read_text().strip()).name
