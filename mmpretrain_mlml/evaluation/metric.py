from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpretrain.registry import METRICS
from rich.console import Console
from rich.table import Table

from .functional import EMPTY_CLASSES, multi_label_scores


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
        classwise: Whether to put a table of average precision by class into the log.
        collect_device: ``'cpu'`` or ``'gpu'``: how processes exchange their results.
        prefix: Of the metric names.

    Raises:
        ValueError: ``empty_classes`` is unknown; when evaluating, a prediction is not finite.

    Source: ``validate.py`` released with arXiv 2112.07368.
    """

    default_prefix = 'multi-label'

    def __init__(
        self,
        threshold: float = 0.5,
        topk: int | None = None,
        empty_classes: str = 'zero',
        classwise: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if empty_classes not in EMPTY_CLASSES:
            raise ValueError(
                f'unknown empty_classes {empty_classes!r}; expected one of {EMPTY_CLASSES}'
            )
        self.threshold = threshold
        self.topk = topk
        self.empty_classes = empty_classes
        self.classwise = classwise

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keeps the scores and targets of a batch, one pair per image, on the CPU."""
        for sample in data_samples:
            score = sample['pred_score'].detach().cpu().float().numpy()
            self.results.append((score, _target(sample, len(score))))

    def compute_metrics(self, results: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
        if not results:
            raise ValueError('no prediction to score: the data loader gave no image')
        scores, targets = (np.stack(column) for column in zip(*results))
        found = multi_label_scores(scores, targets, self.threshold, self.topk, self.empty_classes)
        logger = MMLogger.get_current_instance()
        names = (self.dataset_meta or {}).get('classes') or list(map(str, range(scores.shape[1])))
        if len(found.empty):
            treated = 'counted as 0' if self.empty_classes == 'zero' else 'left out'
            logger.warning(
                f'{len(found.empty)} classes without positives are {treated}: '
                + ', '.join(names[index] for index in found.empty)
            )
        if self.classwise:
            logger.info('average precision by class\n' + _table(names, found.ap, targets))
        return found.summary


def _target(sample: dict, num_classes: int) -> np.ndarray:
    if 'gt_score' in sample:
        return sample['gt_score'].cpu().numpy()
    target = np.zeros(num_classes, np.int8)
    present = torch.as_tensor(sample['gt_label']).cpu().numpy()
    if len(present) and not 0 <= present.min() <= present.max() < num_classes:
        raise ValueError(f'expected gt_label in [0, {num_classes - 1}], got {present.tolist()}')
    target[present] = 1
    return target


def _table(names: Sequence[str], ap: np.ndarray, targets: np.ndarray) -> str:
    table = Table('class', 'positives', 'AP')
    for name, value, positives in zip(names, ap, (targets == 1).sum(0)):
        table.add_row(name, str(positives), '-' if np.isnan(value) else f'{value:.2f}')
    text = StringIO()
    Console(file=text, width=80).print(table)
    return text.getvalue()
