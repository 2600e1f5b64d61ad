"""The predictions of its last validation that a run kept."""

from __future__ import annotations

from pathlib import Path

from ...evaluation import Predictions, multi_label_scores
from ..run_folder import PREDICTIONS

_TOLERANCE = 0.1  # percentage points of mAP that another batch size or number of threads can change


def read_predictions(folder: Path, last: float | None = None) -> Predictions:
    """Read ``predictions.npz`` of a work directory.

    Args:
        folder: Work directory of a run.
        last: mAP of its last validation, in percent; None if that is not known.

    Raises:
        FileNotFoundError: If there are no predictions; the message says how to make them.
        ValueError: If they are not those of the last validation, or the file is damaged.
    """
    path = folder / PREDICTIONS
    if not path.is_file():
        raise FileNotFoundError(
            f'no {path}: python tools/test.py CONFIG {folder}/CHECKPOINT_OF_THE_LAST_EPOCH.pth '
            f'--work-dir {folder}/test --cfg-options test_evaluator.out={path}'
        )
    predictions = Predictions.load(path)
    score = multi_label_scores(predictions.scores, predictions.targets).summary['mAP']
    if last is not None and abs(score - last) > _TOLERANCE:
        raise ValueError(
            f'{path} has mAP {score:.2f}, the last validation of the run {last:.2f}: expected '
            'predictions of the last checkpoint on the same images'
        )
    return predictions
