"""The multi-label metric."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpretrain.registry import METRICS

from ..evaluation.functional import EMPTY_CLASSES, SUMMARY, multi_label_scores
from ..evaluation.predictions import Predictions
from ..labels import dense_target
from ..printable import NAME, first_few
from .collected import Images, collect, gather, join
from .score_tables import class_rows, class_table, summary_table


@METRICS.register_module()
class MultiLabelScores(BaseMetric):
    """mAP, CP, CR, CF1, CF1_classwise_mean, OP, OR and OF1 of a data set, in percent.

    :func:`~mmpretrain_mlml.evaluation.multi_label_scores` defines them. The target of a sample is its
    ``gt_score``, (C,): 1 present, 0 absent, -1 unobserved. Unobserved entries are left out. Samples
    without it, of MMPretrain's own data sets, list their positive classes in ``gt_label``.

    Args:
        threshold: Decision threshold, in [0, 1], or one for each class, (C,); a class is predicted if
            its probability is greater. ``ThresholdsHook`` sets those of the model.
        topk: Number of classes predicted for each image; replaces the threshold.
        empty_classes: ``'zero'`` counts classes without positives as 0, as the paper's validation
            does; ``'skip'`` leaves them out. The log names them in both cases.
        table: Whether to log the scores as a table, too.
        classwise: Whether to log a table by class: positives, known and unknown entries, threshold,
            precision, recall, F1 and average precision. Without known entries there are no scores.
        out: File (.npz) for the predictions, targets and image names of the latest evaluation; see
            :class:`~mmpretrain_mlml.evaluation.Predictions`.
        collect_device: ``'cpu'`` or ``'gpu'``, without a difference: processes exchange arrays by the
            means of their process group, where MMEngine pickles them to a shared folder for ``'cpu'``.
        prefix: Prefix of the metric names.

    Attributes:
        keep: Whether the first process keeps the predictions of the latest evaluation.
        latest: What it kept; None if nothing.
        class_rows: The table of ``classwise``, in the first process.

    Raises:
        ValueError: If ``empty_classes`` is unknown, ``threshold`` lies outside [0, 1] or ``out`` is
            not an .npz file; on evaluation, if a prediction is not finite.

    Source: ``validate.py`` released with arXiv 2112.07368.
    """

    default_prefix = 'multi-label'

    def __init__(
        self,
        threshold: float | Sequence[float] | np.ndarray = 0.5,
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
        if not np.all((np.asarray(threshold) >= 0) & (np.asarray(threshold) <= 1)):
            raise ValueError(f'expected threshold in [0, 1], got {threshold!r}')
        self.threshold = threshold
        self.topk = topk
        self.empty_classes = empty_classes
        self.table = table
        self.classwise = classwise
        self.out = out
        self.keep = False
        self.latest: Predictions | None = None
        self.class_rows: list[list[Any]] = []

    @property
    def metric_names(self) -> list[str]:
        """Names of the scores, with the prefix, as ``save_best`` takes them."""
        return [f'{self.prefix}/{name}' if self.prefix else name for name in SUMMARY]

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the scores, target and name of each image of a batch, on the CPU.

        Raises:
            ValueError: If a target is not 1, 0 or -1, or a label is not among the classes.
        """
        if data_samples:
            given = torch.stack([sample['pred_score'] for sample in data_samples])
            scores = given.detach().float().cpu().numpy()
            names = np.array([_name(sample) for sample in data_samples])
            images = Images(scores, _targets(data_samples, scores.shape[1]), names)
            collect(self.results, images)

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute the scores of the images of all processes.

        Args:
            size: Number of images in the data set. What samplers repeat beyond it is dropped.

        Returns:
            The scores by name, with the prefix, in every process.
        """
        parts = [slab.images() for slab in self.results]
        self.results.clear()
        images = gather(join(parts) if parts else None, size)
        scores: list[Any] = [None]
        if is_main_process():
            result = self.compute_metrics([] if images is None else [images])
            prefix = f'{self.prefix}/' if self.prefix else ''
            scores = [{prefix + name: value for name, value in result.items()}]
        broadcast_object_list(scores)
        return scores[0]

    def compute_metrics(self, results: list[tuple[np.ndarray, ...]]) -> dict[str, float]:
        """Compute the scores of all images.

        Args:
            results: Scores, (C,) or (n, C), targets of the same shape, and name or names, (n,), of an
                image or of several.

        Raises:
            ValueError: If there are no images, or class names and scores differ in number.
        """
        if not results:
            raise ValueError('expected predictions to score, got none: the data loader is empty')
        parts = [
            Images(np.atleast_2d(scores), np.atleast_2d(targets), np.atleast_1d(names))
            for scores, targets, names in results
        ]
        scores, targets, images = parts[0] if len(parts) == 1 else join(parts)
        names = (self.dataset_meta or {}).get('classes') or list(map(str, range(scores.shape[1])))
        if len(names) != scores.shape[1]:
            raise ValueError(
                f'expected a class name for each of the {scores.shape[1]} scores of an image, '
                f'got {len(names)}: do num_classes of the head and the data set agree?'
            )
        threshold = np.asarray(self.threshold, np.float64)
        result = multi_label_scores(scores, targets, threshold, self.topk, self.empty_classes)
        logger = MMLogger.get_current_instance()
        predictions = Predictions(scores, targets, images, np.array(names))
        self.latest = predictions if self.keep else None
        if self.out:
            predictions.save(self.out)
            logger.info(f'predictions of {len(scores)} images: {self.out}')
        if not (targets == 1).any():
            logger.warning(
                f'none of the {len(scores):,} images has a positive label: nothing is scored'
            )
            return {}
        if len(result.empty):
            treated = 'counted as 0' if self.empty_classes == 'zero' else 'left out'
            logger.warning(
                f'{len(result.empty)} classes without positives are {treated}: '
                + first_few([names[index] for index in result.empty], width=NAME)
            )
        rule = _rule(self.threshold, self.topk)
        if self.table:
            logger.info(f'{len(scores)} images, {rule}\n' + summary_table(result))
        if self.classwise:
            limits = None if self.topk else np.broadcast_to(threshold, len(names))
            self.class_rows = class_rows(names, result, targets, limits)
            logger.info(f'by class, {rule}\n' + class_table(self.class_rows))
        return result.summary


def _rule(threshold: float | Sequence[float] | np.ndarray, topk: int | None) -> str:
    if topk is not None:
        return f'top {topk}'
    if isinstance(threshold, int | float):
        return f'score > {threshold}'
    return f'score > {np.min(threshold):.4g} to {np.max(threshold):.4g}, by class'


def _name(sample: dict) -> str:
    """Return the file name of a sample, or its index in the data set if it is not a file."""
    path = sample.get('img_path')
    if path:
        return os.path.basename(path)  # noqa: PTH119  a fifth of the time of Path.name
    return str(sample.get('sample_idx', ''))


def _targets(samples: Sequence[dict], num_classes: int) -> np.ndarray:
    """Return the targets of a batch, (n, C), int8."""
    if all('gt_score' in sample for sample in samples):
        given = torch.stack([sample['gt_score'] for sample in samples]).cpu().numpy()
    else:
        given = np.stack([_target(sample, num_classes) for sample in samples])
    with np.errstate(invalid='ignore'):
        targets = given.astype(np.int8)
    if (targets != given).any():
        others = np.unique(given[targets != given])
        raise ValueError(f'expected targets of 1, 0 and -1, got also {others[:5].tolist()}')
    return targets


def _target(sample: dict, num_classes: int) -> np.ndarray:
    if 'gt_score' in sample:
        return sample['gt_score'].cpu().numpy()
    if 'gt_label' not in sample:  # of a data set without labels
        return np.full(num_classes, -1, np.float32)
    return dense_target(torch.as_tensor(sample['gt_label']).cpu().numpy(), num_classes)
