from __future__ import annotations

import logging
from typing import Any

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS

from ...runtime.random_state import seed_process


@HOOKS.register_module()
class SampleSeedHook(Hook):
    """Makes the augmentation of an image depend on the seed, the epoch and the image alone.

    Not on the number of processes and workers, nor on what was loaded before: one process and eight
    train on the same pictures, and so does a resumed run. What a process draws for itself (dropout,
    MixUp) follows from the seed, the epoch and its number. The data set takes part by a method
    ``seed_samples(seed, epoch)``, as every :class:`~mmpretrain_mlml.datasets.MissingLabelDataset` has;
    for another one, and for one inside a ``RepeatDataset`` (which would show an image several times
    an epoch with the same draws), a warning says that nothing was seeded. Iteration based loops, which
    do not tell where a pass over the data ends, are left alone.
    """

    def before_train(self, runner: Runner) -> None:
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            runner.logger.log(logging.WARNING, 'SampleSeedHook seeds epoch based loops only')
        elif _seeded_dataset(runner) is None:
            name = type(runner.train_dataloader.dataset).__name__
            runner.logger.log(logging.WARNING, f'SampleSeedHook: {name} has no seed_samples()')

    def before_train_epoch(self, runner: Runner) -> None:
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            return
        seed_process(runner.seed, runner.epoch, get_rank())
        dataset = _seeded_dataset(runner)
        if dataset is not None:
            dataset.seed_samples(runner.seed, runner.epoch)


def _seeded_dataset(runner: Runner) -> Any:
    dataset = runner.train_dataloader.dataset
    return dataset if hasattr(dataset, 'seed_samples') else None
