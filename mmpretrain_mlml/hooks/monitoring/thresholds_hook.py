from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.registry import HOOKS

from ...evaluation.threshold_limits import largest_not_above
from ...evaluation.threshold_values import DEFAULT
from ...metrics.multi_label_scores import MultiLabelScores
from ...runtime.models import all_modules
from ...runtime.thresholds import (
    KEY,
    ModelThresholds,
    conflict,
    metric_thresholds,
    resolve_thresholds,
)


@HOOKS.register_module()
class ThresholdsHook(Hook):
    """Let head and evaluator decide with the same thresholds, those of the model.

    They are, in this order: the key ``thresholds`` of the config (a number, a number for each class or
    a file of ``tools/tune_thresholds.py``); ``threshold`` of ``MultiLabelScores``, or else
    ``model.head.thr`` if it is not 0.5; what ``tools/tune_thresholds.py --into`` stored in the
    checkpoint under ``meta['thresholds']``; 0.5. With the key, no part keeps a threshold or ``topk``
    of its own. Thresholds of a checkpoint count for testing it, not in a training that starts from it.

    A visualiser draws what the head predicts. ``tools/train.py`` and ``tools/test.py`` add this hook
    where a config has none.

    Raises:
        ValueError: Before testing or validating, if the thresholds are for other classes, of another
            number, or outside [0, 1].
    """

    def __init__(self) -> None:
        self._stored: Any = None
        self._trains = False
        self._said: set[str] = set()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the thresholds of a checkpoint."""
        meta = checkpoint.get('meta')
        stored = meta.get(KEY) if isinstance(meta, Mapping) else None
        self._stored = None if self._trains else stored

    def before_train(self, runner: Runner) -> None:
        """Forget the thresholds of the checkpoint that a training starts from, and check its own."""
        self._trains, self._stored = True, None
        if runner._val_loop is not None:
            self._set(runner, 'val')

    def before_val(self, runner: Runner) -> None:
        """Set the thresholds of a validation."""
        self._set(runner, 'val')

    def before_test(self, runner: Runner) -> None:
        """Set the thresholds of a test."""
        self._set(runner, 'test')

    def _set(self, runner: Runner, split: str) -> None:
        heads = [one for one in all_modules(runner) if isinstance(one, MultiLabelClsHead)]
        loop: Any = getattr(runner, f'_{split}_loop')
        metainfo = getattr(loop.dataloader.dataset, 'metainfo', {})
        classes = metainfo.get('classes') or getattr(next(iter(heads), None), 'num_classes', None)
        if classes is None:  # no tags are predicted
            return
        model = runner._load_from or 'the checkpoint'
        chosen = resolve_thresholds(
            classes, runner.cfg, stored=self._stored, model=model, split=split
        )
        if not chosen.stated:
            return
        if split not in self._said:
            self._said.add(split)
            runner.logger.info(f'thresholds: {chosen}')
            if different := conflict(runner.cfg, split):
                runner.logger.warning(different)
        own = metric_thresholds(runner.cfg, split)
        _set_metrics(loop.evaluator.metrics, own, chosen)
        device = next(runner.model.parameters()).device
        for head in heads:
            if chosen.overrides or (head.thr is not None and chosen.source != 'model.head.thr'):
                head.thr = _just_above(chosen.values).to(device)


def _set_metrics(metrics: list[Any], own: list[Any], chosen: ModelThresholds) -> None:
    if len(own) != len(metrics):  # an evaluator that was built outside the config
        own = [None] * len(metrics)
    for metric, stated in zip(metrics, own):
        if not isinstance(metric, MultiLabelScores):
            continue
        if chosen.overrides:
            metric.topk = None
        elif stated is not None or metric.threshold != DEFAULT:
            continue
        metric.threshold = chosen.values if chosen.common is None else chosen.common


def _just_above(thresholds: np.ndarray) -> torch.Tensor:
    """Return limits, float32, that MMPretrain's ``score >= limit`` is ``score > threshold``."""
    below = largest_not_above(thresholds, np.dtype(np.float32))
    return torch.from_numpy(np.nextafter(below, np.float32(np.inf)))
