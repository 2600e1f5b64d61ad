from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from mmpretrain.structures import DataSample

from ...datasets.missing_label import MissingLabelDataset
from ...datasets.statistics import count_labels, observed_positives
from ...losses import MultiLabelLoss
from ...losses.checks import check_targets
from ...losses.protocols import NeedsClassPrior, NeedsPositives, NeedsSamples, memory_of
from ...losses.sample_memory import SampleMemory
from ...runtime.models import all_modules
from ...runtime.unwrap import unwrap_dataset, unwrap_model, unwrap_single_dataset


@HOOKS.register_module()
class LossDataHook(Hook):
    """Gives losses what they need to know about the data, and saves their memory of samples.

    A loss takes part by following a protocol of :mod:`mmpretrain_mlml.losses.protocols`:

    - ``NeedsClassPrior``, such as :class:`~mmpretrain_mlml.PASL`: ``set_class_prior(prior)`` is called
      before training with the share of images that show each class, (C,), counted from the training
      labels.
    - ``NeedsPositives``, such as :class:`~mmpretrain_mlml.ROLE`: ``set_positives(samples, classes)``
      is called before a training that is not resumed, with the observed positives of the training set.
    - ``NeedsSamples``, such as :class:`~mmpretrain_mlml.LLCp`: ``set_samples(indices, total)`` is
      called before each iteration with the indices of the samples in the batch, (N,), and the number
      of samples in the data set.
    - ``HasMemory``: the memory is saved in checkpoints, under ``label_tables``, and restored in a
      resumed run.

    It also checks the targets of each batch while they are on the CPU, if a loss of this package is to
    be trained on them and another package's data set made them; those of this package check their own.

    The hook belongs in ``default_hooks``, like :class:`~mmpretrain_mlml.LossEpochHook`.

    Raises:
        ValueError: If a loss needs the samples and the training set is a ``ConcatDataset``, whose
            parts number their samples independently; if a target is neither 1, 0 or -1 nor between 0
            and 1.
    """

    priority = 'VERY_LOW'  # after SwitchRecipeHook, which puts new losses into the model

    def __init__(self) -> None:
        self._sample_losses: list[NeedsSamples] = []
        self._total = 0
        self._check = False
        self._resumed = False

    def before_train(self, runner: Runner) -> None:
        dataset, modules = runner.train_dataloader.dataset, list(all_modules(runner))
        prior_losses = [module for module in modules if isinstance(module, NeedsClassPrior)]
        if prior_losses:
            prior = torch.from_numpy(count_labels(dataset).prior)
            for loss in prior_losses:
                loss.set_class_prior(prior)
        starting = [module for module in modules if isinstance(module, NeedsPositives)]
        if starting and not self._resumed:
            reason = f'{type(starting[0]).__name__} starts from the labels of the training samples'
            positives = observed_positives(unwrap_single_dataset(dataset, reason))
            for start in starting:
                start.set_positives(*map(torch.from_numpy, positives))

    def before_train_epoch(self, runner: Runner) -> None:
        modules, dataset = list(all_modules(runner)), runner.train_dataloader.dataset
        self._sample_losses = [module for module in modules if isinstance(module, NeedsSamples)]
        ours = isinstance(unwrap_dataset(dataset), MissingLabelDataset)
        self._check = not ours and any(isinstance(module, MultiLabelLoss) for module in modules)
        if self._sample_losses:
            loss = type(self._sample_losses[0]).__name__
            reason = f'{loss} keeps a row for each training sample'
            self._total = len(unwrap_single_dataset(dataset, reason))

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        if self._check:
            _check_batch(data_batch)
        if self._sample_losses:
            indices = torch.tensor([sample.sample_idx for sample in data_batch['data_samples']])
            for loss in self._sample_losses:
                loss.set_samples(indices, self._total)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        states = {name: memory.state() for name, memory in _memories(runner).items()}
        if states:
            checkpoint['label_tables'] = states

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._resumed = bool(runner._resume)
        states = checkpoint.get('label_tables', {}) if self._resumed else {}
        for name, memory in _memories(runner).items():
            if name in states:
                memory.load(states[name])


def _check_batch(batch: Any) -> None:
    samples = batch.get('data_samples') if isinstance(batch, Mapping) else None
    given = [s for s in samples or () if isinstance(s, DataSample) and 'gt_score' in s]
    if not given:
        return
    try:
        check_targets(torch.cat([sample.gt_score for sample in given]))  # all at once: faster
    except ValueError:
        for sample in given:
            _check_sample(sample)


def _check_sample(sample: DataSample) -> None:
    try:
        check_targets(sample.gt_score)
    except ValueError as error:
        name = sample.get('img_path') or f'sample {sample.get("sample_idx")}'
        raise ValueError(f'{name}: {error}') from None


def _memories(runner: Runner) -> dict[str, SampleMemory]:
    modules = unwrap_model(runner.model).named_modules()
    memories = {name: memory_of(module) for name, module in modules}
    return {name: memory for name, memory in memories.items() if memory is not None}
