"""Which decision thresholds count for a model: one answer for everything that decides.

Head, evaluator, visualiser, inferencer and export ask here. In order of precedence:

1. what is given by a flag or an argument, or by the key ``thresholds`` of the config,
2. ``threshold`` of the config's ``MultiLabelScores``, or else ``model.head.thr`` if it is not 0.5,
3. what is stored with the model: ``meta['thresholds']`` of a checkpoint, ``model.json``,
4. 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluation.threshold_values import DEFAULT, threshold_values
from .type_name import type_name

KEY = 'thresholds'  # in a config, in the meta data of a checkpoint, in model.json and in ONNX
METRIC = 'MultiLabelScores'


@dataclass(frozen=True, eq=False)
class ModelThresholds:
    """The thresholds of a model.

    Attributes:
        values: Threshold of each class, (C,), float64. A class is predicted if its probability is
            greater.
        source: Where they were found: a place in the config, a flag, the file of the model.
        overrides: Whether they were given for all parts of the model at once, which then keep none of
            their own.
        stated: Whether anybody stated them; False for the default.
    """

    values: np.ndarray
    source: str
    overrides: bool = False
    stated: bool = False

    @property
    def common(self) -> float | None:
        """The threshold of all classes; None if they differ."""
        return float(self.values[0]) if (self.values == self.values[0]).all() else None

    def __str__(self) -> str:
        low, high = self.values.min(), self.values.max()
        text = f'{low:.4g}' if low == high else f'{low:.4g} to {high:.4g}, one for each class'
        return f'{text} ({self.source})'


def resolve_thresholds(
    classes: Sequence[str] | int,
    cfg: Mapping[str, Any] | None = None,
    *,
    given: Any = None,
    stored: Any = None,
    model: str = 'the model',
    split: str = 'test',
) -> ModelThresholds:
    """Return the thresholds that count for a model.

    Args:
        classes: C class names, or C where the names are not known.
        cfg: Config of the model; None without.
        given: Thresholds of a flag or argument, in any form of
            :func:`~mmpretrain_mlml.evaluation.threshold_values.threshold_values`; None for none.
        stored: Thresholds that are stored with the model, such as ``meta['thresholds']`` of its
            checkpoint or the content of its ``model.json``; None for none.
        model: Name of the file in which they are stored, for messages.
        split: ``'test'`` or ``'val'``: whose evaluator of the config is meant.

    Raises:
        ValueError: If the thresholds that count are for other classes, of another number, or outside
            [0, 1].
        OSError: If they are in a file that cannot be read.
    """
    config = None if cfg is None else config_thresholds(cfg, split)
    if given is not None:
        source, found = '--thresholds', given
    elif config is not None:
        source, found = config
    elif stored is not None:
        source, found = model, stored
    else:
        return ModelThresholds(threshold_values(DEFAULT, classes, 'default'), 'default')
    values = threshold_values(found, classes, source)
    return ModelThresholds(values, source, overrides=source in ('--thresholds', KEY), stated=True)


def config_thresholds(cfg: Mapping[str, Any], split: str = 'test') -> tuple[str, Any] | None:
    """Return the place and the value of the thresholds that a config states; None for none.

    Args:
        cfg: Config of a model.
        split: ``'test'`` or ``'val'``: whose evaluator is meant.
    """
    if cfg.get(KEY) is not None:
        return KEY, cfg[KEY]
    for stated in metric_thresholds(cfg, split):
        if stated is not None:
            return f'{split}_evaluator.threshold', stated
    head = _of_head(cfg)
    return None if head is None else ('model.head.thr', head)


def metric_thresholds(cfg: Mapping[str, Any], split: str) -> list[Any]:
    """Return the thresholds that a config states for each metric of an evaluator, None for none."""
    evaluators = cfg.get(f'{split}_evaluator') or []
    evaluators = evaluators if isinstance(evaluators, Sequence) else [evaluators]
    return [
        one.get('threshold') if isinstance(one, Mapping) and type_name(one) == METRIC else None
        for one in evaluators
    ]


def conflict(cfg: Mapping[str, Any], split: str = 'test') -> str | None:
    """Return a sentence if evaluator and head state different thresholds; None if they do not."""
    stated = next((one for one in metric_thresholds(cfg, split) if one is not None), None)
    head = _of_head(cfg)
    if cfg.get(KEY) is not None or stated is None or head is None or np.all(stated == head):
        return None
    return (
        f'{split}_evaluator.threshold is {stated} and model.head.thr {head}: the first counts for '
        f'both; set {KEY} in the config, once for all'
    )


def _of_head(cfg: Mapping[str, Any]) -> Any:
    """Return ``model.head.thr``, None if it is the default, which the shipped configs state."""
    model = cfg.get('model')
    while isinstance(model, Mapping) and isinstance(model.get('module'), Mapping):
        model = model['module']  # of a wrapper that averages over transformed images
    head = model.get('head') if isinstance(model, Mapping) else None
    given = head.get('thr') if isinstance(head, Mapping) else None
    return None if given is None or np.all(given == DEFAULT) else given
