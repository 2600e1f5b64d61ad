from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.engine.hooks import VisualizationHook
from mmpretrain.registry import HOOKS

from ...datasets.pictures import open_picture, picture_file
from ...evaluation import Predictions
from ...metrics.multi_label_scores import MultiLabelScores
from ...visualization.error_gallery import write_error_gallery


@HOOKS.register_module()
class ErrorGalleryHook(Hook):
    """Write a page with the worst errors of each class after a test.

    The page, ``errors.html``, shows the most confident false positives, which are often missing labels
    of the test set, and the worst misses, class by class, as the test evaluator decides. It needs no
    server. ``tools/test.py --show-dir`` writes it beside the pictures.

    Args:
        out_dir: Folder of the page; by default that of the pictures of MMPretrain's
            ``VisualizationHook``. If neither is given, nothing is written.
        count: Greatest number of errors of a class and kind.
    """

    priority = 'VERY_LOW'  # after the scores are logged

    def __init__(self, out_dir: str | None = None, count: int = 12) -> None:
        if count < 1:
            raise ValueError(f'expected count >= 1, got {count}')
        self.out_dir = out_dir
        self.count = count
        self._folder: str | None = None
        self._metric: MultiLabelScores | None = None

    def before_test(self, runner: Runner) -> None:
        self._folder = self.out_dir or _folder_of_pictures(runner.hooks)
        metrics = runner.test_evaluator.metrics
        self._metric = next((one for one in metrics if isinstance(one, MultiLabelScores)), None)
        if self._folder is None:
            return
        if self._metric is None:
            runner.logger.warning(
                'no page of errors is written: the test evaluator has no MultiLabelScores'
            )
        elif not hasattr(runner.test_loop.dataloader.dataset, 'get_data_info'):
            self._metric = None
            runner.logger.warning(
                'no page of errors is written: the test set has no get_data_info, by which its '
                'pictures are found'
            )
        else:
            self._metric.keep = True

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        if self._folder is None or self._metric is None:
            return
        latest, self._metric.latest, self._metric.keep = self._metric.latest, None, False
        if not is_main_process() or latest is None:
            return
        if not (latest.targets == 1).any():
            runner.logger.warning(
                'no page of errors is written: no test image has a positive label'
            )
            return
        try:
            pages = self._write(runner.test_loop.dataloader.dataset, latest, self._folder)
        except OSError as error:  # the scores are still to be written
            runner.logger.error(f'the page of errors could not be written: {error}')
            return
        runner.logger.info(f'the worst errors of each class: {pages[0]}')

    def _write(self, dataset: Any, predictions: Predictions, folder: str) -> Sequence[Any]:
        assert self._metric is not None
        return write_error_gallery(
            folder,
            predictions,
            partial(open_picture, dataset),
            threshold=np.asarray(self._metric.threshold, np.float64),
            topk=self._metric.topk,
            file_of=partial(picture_file, dataset),
            count=self.count,
        )


def _folder_of_pictures(hooks: Sequence[Hook]) -> str | None:
    for hook in hooks:
        if isinstance(hook, VisualizationHook) and hook.enable and hook.out_dir is not None:
            return hook.out_dir
    return None
