from __future__ import annotations

from typing import Any

from mmengine.dist import is_main_process
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS

from ...metrics.multi_label_scores import MultiLabelScores
from ...metrics.score_tables import COLUMNS
from ...visualization.backends import add_table


@HOOKS.register_module()
class ClassTableHook(Hook):
    """Give the scores of each class, as a table, to the backends of the visualiser.

    After each validation and test it takes the table of every ``MultiLabelScores`` with
    ``classwise=True``: positives, known and unknown entries, threshold, precision, recall, F1 and
    average precision. TensorBoard shows it as a text, Weights & Biases as a table, MLflow as a file;
    on local disk it is ``val_classes_EPOCH.csv`` or ``test_classes_0.csv`` beside ``scalars.json``. A
    warning names backends that have no tables. ``tools/train.py`` and ``tools/test.py`` add this hook
    by themselves.
    """

    priority = 'LOW'

    def __init__(self) -> None:
        self._warned = False

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        by_epoch = isinstance(runner._train_loop, EpochBasedTrainLoop)
        step = runner.epoch if by_epoch or runner._train_loop is None else runner.iter
        self._add(runner, runner.val_evaluator, 'val', step)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        self._add(runner, runner.test_evaluator, 'test', 0)

    def _add(self, runner: Runner, evaluator: Evaluator, split: str, step: int) -> None:
        if not is_main_process():
            return
        tables: list[list[Any]] = [
            metric.class_rows
            for metric in evaluator.metrics
            if isinstance(metric, MultiLabelScores) and metric.class_rows
        ]
        for number, rows in enumerate(tables):
            name = f'{split}_classes' + (f'_{number + 1}' if number else '')
            left_out = add_table(runner.visualizer, name, ['class', *COLUMNS], rows, step)
            if left_out and not self._warned:
                runner.logger.warning(f'{", ".join(left_out)} cannot hold the table of classes')
                self._warned = True
