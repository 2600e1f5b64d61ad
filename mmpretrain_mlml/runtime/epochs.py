"""Epochs as passes over the training data, also where the loop counts iterations only."""

from __future__ import annotations

import math

from mmengine.dataset import InfiniteSampler
from mmengine.dist import get_world_size
from mmengine.runner import IterBasedTrainLoop, Runner


def iters_per_pass(runner: Runner) -> int | None:
    """Return the iterations of one pass over the training data; None under an epoch based loop.

    Raises:
        ValueError: If the data loader yields no batch, or has no length.
    """
    if not isinstance(runner.train_loop, IterBasedTrainLoop):
        return None
    loader = runner.train_dataloader
    try:
        batches = len(loader)
    except TypeError:
        batches = 0
    if batches == 0:
        raise ValueError(
            'an iteration based loop counts a pass over the data as an epoch, and '
            f'{loader.dataset} yields no batch or has no length; expected a data set with a length'
        )
    sampler = getattr(loader.batch_sampler, 'sampler', loader.sampler)
    # The length of an InfiniteSampler is that of the data set, not of the share of one process.
    shared = isinstance(sampler, InfiniteSampler)
    return math.ceil(batches / get_world_size()) if shared else batches
