from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpretrain.registry import METRICS
from rich.console import Console
from rich.table import Table

from ..evaluation.functional import EMPTY_CLASSES, Scores, multi_label_scores
from ..evaluation.predictions import Predictions


@METRICS.register_module()
class MultiLabelScores(BaseMetric):
    """mAP, CP, CR, CF1, CF1_classwise_mean, OP, OR and OF1 of one pass, in percent.

    See :func:`~mmpretrain_mlml.evaluation.multi_label_scores` for what each of them is. Targets are
    three-valued: unknown entries (-1 in ``gt_score``) are left out.

    Args:
        threshold: A class is predicted where its probability lies strictly above.
        topk: Number of classes predicted per image; takes the place of the threshold.
        empty_classes: ``'zero'`` counts classes without positives as 0, as the paper's validation
            does; ``'skip'`` leaves them out. They are named in the log either way.
        table: Whether to put the scores into the log as a table too.
        classwise: Whether to put a table of precision, recall, F1 and average precision by class
            into the log.
        out: File (.npz) that takes the predictions, targets and image names of each evaluation, the
            last one's in the end: see :class:`~mmpretrain_mlml.evaluation.Predictions`.
        collect_device: ``'cpu'`` or ``'gpu'``: how processes exchange their results.
        prefix: Of the metric names.

    Raises:
        ValueError: ``empty_classes`` is unknown, or ``out`` is no .npz; when evaluating, a
            prediction is not finite.

    Source: ``validate.py`` released with arXiv 2112.07368.
    """

    default_prefix = 'multi-label'

    def __init__(
        self,
        threshold: float = 0.5,
        topk: int | None = None,
        empty_classes: str = 'zero',
        table: bool = False,
        classwise: bool = False,
        out: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if empty_classes not in EMPTY_CLASSES:
            raise ValueError(
                f'unknown empty_classes {empty_classes!r}; expected one of {EMPTY_CLASSES}'
            )
        if out is not None and not out.endswith('.npz'):
            raise ValueError(f'expected out to be the name of an .npz file, got {out!r}')
        self.threshold = threshold
        self.topk = topk
        self.empty_classes = empty_classes
        self.table = table
        self.classwise = classwise
        self.out = out

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keeps the scores, the targets and the name of each image of a batch, on the CPU."""
        for sample in data_samples:
            score = sample['pred_score'].detach().cpu().float().numpy()
            self.results.append((score, _target(sample, len(score)), _name(sample)))

    def compute_metrics(
        self, results: list[tuple[np.ndarray, np.ndarray, str]]
    ) -> dict[str, float]:
        if not results:
            raise ValueError('no prediction to score: the data loader gave no image')
        scores, targets, images = (np.stack(column) for column in zip(*results))
        found = multi_label_scores(scores, targets, self.threshold, self.topk, self.empty_classes)
        logger = MMLogger.get_current_instance()
        names = (self.dataset_meta or {}).get('classes') or list(map(str, range(scores.shape[1])))
        if len(names) != scores.shape[1]:
            raise ValueError(
                f'expected a class name for each of the {scores.shape[1]} scores of an image, '
                f'got {len(names)}: do num_classes of the head and the data set agree?'
            )
        if self.out:
            Predictions(scores, targets, images, np.array(names)).save(self.out)
            logger.info(f'predictions of {len(scores)} images: {self.out}')
        if len(found.empty):
            treated = 'counted as 0' if self.empty_classes == 'zero' else 'left out'
            logger.warning(
                f'{len(found.empty)} classes without positives are {treated}: '
                + ', '.join(names[index] for index in found.empty)
            )
        rule = f'score > {self.threshold}' if self.topk is None else f'top {self.topk}'
        if self.table:
            logger.info(f'{len(scores)} images, {rule}\n' + _summary_table(found))
        if self.classwise:
            logger.info(f'by class, {rule}\n' + _class_table(names, found, targets))
        return found.summary


def _name(sample: dict) -> str:
    """The file's, or the number in its data set of an image that is no file."""
    path = sample.get('img_path')
    return Path(path).name if path else str(sample.get('sample_idx', ''))


def _target(sample: dict, num_classes: int) -> np.ndarray:
    if 'gt_score' in sample:
        return sample['gt_score'].cpu().numpy()
    target = np.zeros(num_classes, np.int8)
    present = torch.as_tensor(sample['gt_label']).cpu().numpy()
    if len(present) and not 0 <= present.min() <= present.max() < num_classes:
        raise ValueError(f'expected gt_label in [0, {num_classes - 1}], got {present.tolist()}')
    target[present] = 1
    return target


def _summary_table(found: Scores) -> str:
    table = Table('', *found.summary)
    table.add_row('percent', *(f'{value:.2f}' for value in found.summary.values()))
    return _text(table)


def _class_table(names: Sequence[str], found: Scores, targets: np.ndarray) -> str:
    table = Table('class', 'positives', 'precision', 'recall', 'F1', 'AP')
    columns = found.precision, found.recall, found.f1, found.ap
    for name, positives, *values in zip(names, (targets == 1).sum(0), *columns):
        cells = ('-' if np.isnan(value) else f'{value:.2f}' for value in values)
        table.add_row(name, str(positives), *cells)
    return _text(table)


def _text(table: Table) -> str:
    text = StringIO()
    Console(file=text, width=100).print(table)
    return text.getvalue()
