"""Repair of MMPretrain's preprocessor for batches from several data sets."""

from __future__ import annotations

import functools
from typing import Any

from .after_import import after_import


def score_all_samples_of_a_batch() -> None:
    """Let a batch hold samples with and without ``gt_score``.

    Symptom: ``ClsDataPreprocessor`` and the head look for ``gt_score`` in the first sample of a batch
    only. If ``ConcatDataset`` joins a data set that gives it, such as those of this package, and one
    that gives ``gt_label`` only, such as ``MultiLabelDataset``, they raise AttributeError or ignore
    the scores, depending on the order of the samples. Both are failures: a shuffle decides which one
    it is, and a training in which the second happens ends with the first sooner or later.
    Versions: mmpretrain 1.2.0, onedl-mmpretrain 1.3.6.
    Goes when: MMPretrain asks every sample.
    """
    after_import('mmpretrain.models', _complete_scores_of_batches)  # a second's work to import


def _complete_scores_of_batches() -> None:
    from mmpretrain.models import ClsDataPreprocessor

    forward = ClsDataPreprocessor.forward

    @functools.wraps(forward)
    def forward_with_scores(self: ClsDataPreprocessor, data: Any, training: bool = False) -> Any:
        if isinstance(data, dict):
            _add_missing_scores(data.get('data_samples') or ())
        return forward(self, data, training)

    ClsDataPreprocessor.forward = forward_with_scores


def _add_missing_scores(samples: Any) -> None:
    """Give samples that list their labels a ``gt_score``, if other samples have one."""
    from mmpretrain.structures import DataSample, label_to_onehot

    samples = [sample for sample in samples if isinstance(sample, DataSample)]
    scores = [sample.gt_score for sample in samples if 'gt_score' in sample]
    if not 0 < len(scores) < len(samples):
        return
    for sample in samples:
        if 'gt_score' not in sample and 'gt_label' in sample:
            one_hot = label_to_onehot(sample.gt_label, len(scores[0]))
            sample.set_gt_score(one_hot.clamp(max=1).float())
