from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import nn

from ...datasets.statistics import count_labels
from ...losses.protocols import memory_of
from ...losses.sample_memory import SampleMemory
from ...runtime.unwrap import unwrap_model, unwrap_single_dataset
from .loss_epoch_hook import modules


@HOOKS.register_module()
class LossDataHook(Hook):
    """Tells every loss that wants it what it must know of the data, and keeps what it remembers.

    - ``set_class_prior(prior)``, as :class:`~mmpretrain_mlml.PASL` has it: called before training
      with the share of the images that shows each class, (C,), counted from the training labels.
    - ``set_samples(indices, total)``, as :class:`~mmpretrain_mlml.LLCp` has it: called before each
      iteration with the samples in the batch, (N,), of how many.
    - ``memory``, a :class:`~mmpretrain_mlml.losses.sample_memory.SampleMemory`: saved in checkpoints,
      under ``label_tables``, and taken up again by a resumed run.

    It belongs into ``default_hooks``, as :class:`~mmpretrain_mlml.LossEpochHook` does.

    Raises:
        ValueError: A loss asks for the samples and the training set is made of several, whose samples
            are numbered each for itself.
    """

    priority = 'VERY_LOW'  # after SwitchRecipeHook, which puts new losses into the model

    def before_train(self, runner: Runner) -> None:
        curious = _with(runner, 'set_class_prior')
        if curious:
            prior = torch.from_numpy(count_labels(runner.train_dataloader.dataset).prior)
            for module in curious:
                module.set_class_prior(prior)

    def before_train_epoch(self, runner: Runner) -> None:
        self._curious = _with(runner, 'set_samples')
        if not self._curious:
            return
        reason = f'{type(self._curious[0]).__name__} keeps a row for each training sample'
        self._total = len(unwrap_single_dataset(runner.train_dataloader.dataset, reason))

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        if self._curious:
            samples = [sample.sample_idx for sample in data_batch['data_samples']]
            for module in self._curious:
                module.set_samples(torch.tensor(samples), self._total)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        tables = {name: table.state() for name, table in _tables(runner).items()}
        if tables:
            checkpoint['label_tables'] = tables

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        saved = checkpoint.get('label_tables', {}) if runner._resume else {}
        for name, table in _tables(runner).items():
            if name in saved:
                table.load(saved[name])


def _tables(runner: Runner) -> dict[str, SampleMemory]:
    modules = unwrap_model(runner.model).named_modules()
    memories = {name: memory_of(module) for name, module in modules}
    return {name: memory for name, memory in memories.items() if memory is not None}


def _with(runner: Runner, method: str) -> list[nn.Module]:
    return [module for module in modules(runner) if callable(getattr(module, method, None))]
