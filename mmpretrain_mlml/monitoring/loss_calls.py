"""Listening to what a loss is called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

_NAMED = ('pred', 'target', 'weight', 'avg_factor', 'reduction_override')  # before the context


def listen(
    loss: nn.Module, then: Callable[[nn.Module, Tensor, Tensor, dict[str, Any]], None]
) -> RemovableHandle:
    """Calls ``then(loss, logits, target, context)`` after each call of a loss in training.

    It is traced by torch.compile together with the loss, without a break, as long as ``then`` keeps
    to tensors. A graph once compiled may not notice that the handle was removed: ``then`` is to look
    at a bool of its own.

    Args:
        loss: With the interface of :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.
        then: Gets the logits outside the gradient, and what beside the usual was given by keyword.
    """

    def heard(module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any) -> None:
        if not module.training:
            return
        pred = args[0] if args else kwargs['pred']
        target = args[1] if len(args) > 1 else kwargs['target']
        context = {key: value for key, value in kwargs.items() if key not in _NAMED}
        with torch.no_grad():
            then(module, pred.detach(), target.detach(), context)

    return loss.register_forward_hook(heard, with_kwargs=True)
