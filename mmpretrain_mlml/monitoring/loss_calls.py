"""Observing the calls of a loss in training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ..losses.protocols import ReportsRecovery

LossCallback = Callable[[nn.Module, Tensor, Tensor, dict[str, Any]], None]
_NAMED = ('pred', 'target', 'weight', 'avg_factor', 'reduction_override')  # not part of the context


def observe_calls(loss: nn.Module, callback: LossCallback) -> RemovableHandle:
    """Call ``callback(loss, logits, target, context)`` after each call of a loss in training mode.

    torch.compile traces the callback together with the loss, without a graph break, if the callback
    uses tensor operations only. A graph that is already compiled may not notice that the handle was
    removed, so the callback should check a bool of its own.

    Args:
        loss: A loss with the signature of :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.
        callback: Function of the loss, the detached logits and targets, both (N, C), and the other
            keyword arguments of the call, such as ``epoch``.

    Returns:
        A handle whose ``remove()`` ends the observation.
    """

    def hook(module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any) -> None:
        if not module.training:
            return
        pred = args[0] if args else kwargs['pred']
        target = args[1] if len(args) > 1 else kwargs['target']
        context = {key: value for key, value in kwargs.items() if key not in _NAMED}
        with torch.no_grad():
            callback(module, pred.detach(), target.detach(), context)

    return loss.register_forward_hook(hook, with_kwargs=True)


def outermost_losses(model: nn.Module) -> list[nn.Module]:
    """Return the losses in a model that report recovery and are not the base of another loss."""
    if isinstance(model, ReportsRecovery):
        return [model]
    return [loss for child in model.children() for loss in outermost_losses(child)]
