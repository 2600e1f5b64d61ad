"""Runs without data and without the network of the config, made to observe something else."""

from __future__ import annotations

from mmengine.runner import Runner


def is_simulated(runner: Runner) -> bool:
    """Return whether a run has a plain list in the place of its training loader.

    MMPretrain's ``vis_scheduler.py`` runs the hooks of a config so, with a network of one convolution,
    to draw the learning rate.
    """
    return isinstance(getattr(runner._train_loop, 'dataloader', None), list)
