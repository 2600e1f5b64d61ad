"""Losses as generated kernels: torch.compile fuses all passes over the logits into one."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .base import MultiLabelLoss

BACKEND = 'inductor'
_compiled: WeakKeyDictionary[MultiLabelLoss, Callable[..., Tensor]] = WeakKeyDictionary()


def run(
    loss: MultiLabelLoss, function: Callable[..., Tensor], *arguments: Any, **context: Any
) -> Tensor:
    """Return what `function` returns; computed by generated kernels if the loss is ``fused``.

    The first call compiles, which takes seconds; so does one with other hyper-parameters, dtypes or
    classes, but not one with another number of images. Inside a compiled network the loss is part of
    that.

    Args:
        loss: Loss to which the kernels belong.
        function: Pure function.
        *arguments: Its arguments; the first dimension of tensors is that of the images.
        **context: Its keyword arguments.

    Raises:
        RuntimeError: If the function cannot be compiled, as where no compiler is installed.
    """
    if not loss.fused or torch.compiler.is_compiling():
        return function(*arguments, **context)
    for argument in arguments:
        if isinstance(argument, Tensor):
            torch._dynamo.maybe_mark_dynamic(argument, 0)
    try:
        return _compile_for(loss)(function, *arguments, **context)
    except torch._dynamo.exc.TorchDynamoException as error:
        function(*arguments, **context)  # a mistake in the call raises its own error
        reason = str(error).strip().partition('\n')[0]
        raise RuntimeError(
            f'fused=True of {type(loss).__name__} needs torch.compile, which failed: {reason}. Leave '
            'fused out, or install a compiler if there is none (CPU: C++, such as g++; GPU: Triton)'
        ) from error


def _compile_for(loss: MultiLabelLoss) -> Callable[..., Tensor]:
    if loss not in _compiled:
        # A code object of its own: torch.compile counts, and limits, the graphs of each.
        code = _call.__code__.replace()
        own = types.FunctionType(code, _call.__globals__)
        _compiled[loss] = torch.compile(own, backend=BACKEND, fullgraph=True)
    return _compiled[loss]


def _call(function: Callable[..., Tensor], *arguments: Any, **context: Any) -> Tensor:
    return function(*arguments, **context)
