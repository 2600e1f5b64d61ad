"""The models of a runner: the one in training and the averages of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.runner import Runner
from torch import nn

from .protocols import AveragesWeights


def averaged_models(runner: Runner) -> list[Any]:
    """Return the averages of the model's weights, an MMEngine ``BaseAveragedModel`` each."""
    return [hook.ema_model for hook in runner.hooks if isinstance(hook, AveragesWeights)]


def all_modules(runner: Runner) -> Iterator[nn.Module]:
    """Yield every module of the model and of the averages of its weights."""
    for model in (runner.model, *averaged_models(runner)):
        yield from model.modules()
