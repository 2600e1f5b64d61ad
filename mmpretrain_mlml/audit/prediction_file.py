"""Predictions of the training images that ``MultiLabelScores(out=...)`` has written."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePath

import numpy as np

from ..evaluation import Predictions
from ..labels.label_table import PRESENT
from ..runtime.label_checks import class_difference
from .training_table import TrainingLabels


def match_predictions(predictions: Predictions, labels: TrainingLabels, source: str) -> np.ndarray:
    """Return predictions in the order of the training images, (N, C).

    Images are matched by name: in full, under the image folder of the data set, or by file name, which
    is what ``MultiLabelScores`` writes. Images that are in memory have their place in the data set for
    a name; then the observed positives must be the same, too.

    Args:
        predictions: Predictions of all training images, in any order.
        labels: Training labels.
        source: Name of the file in messages.

    Raises:
        ValueError: If classes differ, a training image is missing, or a name is not unique.
    """
    table = labels.table
    difference = class_difference(predictions.classes.tolist(), table.classes)
    if difference:
        raise ValueError(
            f'{source} is of other classes: {difference.format("the file", "the config")}; expected '
            'predictions of a network with the same classes in the same order'
        )
    row_of = {str(name): row for row, name in enumerate(predictions.names)}
    if len(row_of) < len(predictions.names):
        ((twin, number),) = Counter(map(str, predictions.names)).most_common(1)
        raise ValueError(
            f'{source} has {number} images called {twin!r}: MultiLabelScores names them by file name, '
            'so give images of several folders names that differ'
        )
    prefix = str(getattr(labels.dataset, 'img_prefix', '')).rstrip('/')
    in_memory = labels.file_of(0) is None
    rows: list[int] = []
    used: dict[int, str] = {}
    for place, name in enumerate(table.names):
        keys = [name, f'{prefix}/{name}', str(place) if in_memory else PurePath(name).name]
        row = next((row_of[key] for key in keys if key in row_of), None)
        if row is None:
            raise ValueError(
                f'{source} has no image {name!r} of the training set: expected predictions of all '
                f'{len(table)} training images'
            )
        if row in used:
            raise ValueError(
                f'{source} has one image {str(predictions.names[row])!r} for {used[row]!r} and '
                f'{name!r} of the training set: give them file names that differ'
            )
        used[row] = name
        rows.append(row)
    if in_memory:
        _check_positives(predictions.targets[rows], labels, source)
    return np.asarray(predictions.scores[rows])


def _check_positives(targets: np.ndarray, labels: TrainingLabels, source: str) -> None:
    for row, target in enumerate(targets):
        observed = labels.table.positives(row)
        if not set(observed) <= set(np.flatnonzero(target == PRESENT).tolist()):
            raise ValueError(
                f'{source}: image {row} lacks labels of {labels.table.names[row]!r}: expected '
                'predictions of the training set'
            )
