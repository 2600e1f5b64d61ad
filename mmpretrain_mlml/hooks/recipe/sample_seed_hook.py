from __future__ import annotations

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.registry import HOOKS

from ...runtime.protocols import SeedsSamples
from ...runtime.random_state import seed_process


@HOOKS.register_module()
class SampleSeedHook(Hook):
    """Makes the augmentation of an image depend on the seed, the epoch and the image alone.

    It does not depend on the number of processes and workers, nor on what was loaded before: one
    process, eight processes and a resumed run train on the same pictures. Other random numbers of a
    process (dropout, MixUp) follow from the seed, the epoch and its rank. The data set takes part by a
    method ``seed_samples(seed, epoch)`` (:class:`~mmpretrain_mlml.runtime.protocols.SeedsSamples`),
    such as every :class:`~mmpretrain_mlml.datasets.MissingLabelDataset`. For other data sets a warning
    says that nothing was seeded; likewise for one in a ``RepeatDataset``, which would show an image
    several times an epoch with the same augmentation. Iteration based loops are not seeded, because
    they do not signal the end of a pass over the data.
    """

    def before_train(self, runner: Runner) -> None:
        dataset = runner.train_dataloader.dataset
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            runner.logger.warning('SampleSeedHook seeds epoch based loops only')
        elif not isinstance(dataset, SeedsSamples):
            runner.logger.warning(f'SampleSeedHook: {type(dataset).__name__} has no seed_samples()')

    def before_train_epoch(self, runner: Runner) -> None:
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            return
        seed_process(runner.seed, runner.epoch, get_rank())
        dataset = runner.train_dataloader.dataset
        if isinstance(dataset, SeedsSamples):
            dataset.seed_samples(runner.seed, runner.epoch)
