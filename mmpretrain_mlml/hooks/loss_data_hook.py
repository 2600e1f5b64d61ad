from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import nn

from ..datasets.statistics import count_labels
from .loss_epoch_hook import modules


@HOOKS.register_module()
class LossDataHook(Hook):
    """Tells every loss that wants it what it must know of the data.

    A module with a method ``set_class_prior(prior)``, as :class:`~mmpretrain_mlml.PASL` has, hears
    before training which share of the images shows each class, (C,), counted from the training
    labels. One with ``set_samples(indices)`` hears before each iteration which samples are in the
    batch, (N,).

    It belongs into ``default_hooks``, as :class:`~mmpretrain_mlml.LossEpochHook` does.
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

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        for module in self._curious:
            module.set_samples(
                torch.tensor([sample.sample_idx for sample in data_batch['data_samples']])
            )


def _with(runner: Runner, method: str) -> list[nn.Module]:
    return [module for module in modules(runner) if callable(getattr(module, method, None))]
