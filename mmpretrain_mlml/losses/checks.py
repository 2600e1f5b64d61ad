"""Checks of what losses are given: tensors, hyper-parameters, and state set from outside."""

from __future__ import annotations

from numbers import Integral
from typing import TypeVar

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor

T = TypeVar('T')

_SETTERS = {  # what a loss can need: the hook that sets it, its key in default_hooks, the method
    'epoch': ('LossEpochHook', 'loss_epoch', 'set_epoch(epoch, max_epochs)'),
    'class prior': ('LossDataHook', 'loss_data', 'set_class_prior(prior)'),
    'samples': ('LossDataHook', 'loss_data', 'set_samples(indices, total)'),
}


def prepare(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return logits and targets in the dtype of the computation, float32 or wider.

    Raises:
        ValueError: If shapes differ or are not (N, C), the logits are not floating point, or a target
            has no meaning; see `check_targets`.
    """
    logits = prepare_logits(logits, target)
    check_targets(target)
    return logits, target.to(logits.dtype)


def prepare_logits(logits: Tensor, target: Tensor) -> Tensor:
    """Return the logits in the dtype of the computation; check dtype and shapes as `prepare`."""
    if logits.ndim != 2 or logits.shape != target.shape:
        raise ValueError(
            'expected logits and target of one shape (N, C), '
            f'got logits {tuple(logits.shape)} and target {tuple(target.shape)}'
        )
    if not logits.is_floating_point():
        raise ValueError(f'expected logits of a floating dtype, got {logits.dtype}')
    dtype = wide_dtype(logits)
    return logits if logits.dtype == dtype else logits.to(dtype)  # a call less for small batches


def check_targets(target: Tensor) -> None:
    """Raise ValueError if a target is neither 1, 0 or -1 nor between 0 and 1.

    Nothing is checked where values are not :func:`readable`. Data sets check what they hand over.

    Args:
        target: Any shape and dtype.
    """
    if not readable(target) or not target.numel() or target.dtype == torch.bool:
        return
    values = target.detach()
    low, high = torch.aminmax(values)  # few calls: small batches feel each
    if low.item() >= 0 and high.item() <= 1:  # false for NaN
        return
    with_unknown = low.item() == -1 and high.item() <= 1
    if with_unknown and torch.addcmul(values, values, values).amin().item() >= 0:
        return  # t^2 + t < 0 between -1 and 0
    wrong = values[~(((values >= 0) & (values <= 1)) | (values == -1))]
    raise ValueError(
        f'expected targets of 1 (present), 0, -1 (unknown) or between 0 and 1, got '
        f'{wrong[0].item():g} in {len(wrong)} of {values.numel()} entries'
    )


def readable(values: Tensor) -> bool:
    """Return whether values may be read: not on a GPU, which waits, nor under a compiler or vmap."""
    if values.device.type != 'cpu' or torch.compiler.is_compiling():
        return False
    return not is_functorch_wrapped_tensor(values)


def learnt(*tensors: Tensor | None) -> bool:
    """Return whether one of the tensors has a gradient."""
    return any([tensor is not None and tensor.requires_grad for tensor in tensors])


def wide_dtype(values: Tensor) -> torch.dtype:
    """Return the dtype in which losses of `values` are computed: theirs, but at least float32."""
    return torch.promote_types(values.dtype, torch.float32)


def check_range(name: str, value: float, low: float, high: float = float('inf')) -> None:
    """Raise ValueError if hyper-parameter `name` is no number, NaN, or outside [low, high]."""
    if isinstance(value, (str, bytes)) or not hasattr(value, '__float__'):
        raise ValueError(f'expected {name} to be a number in [{low}, {high}], got {value!r}')
    if not low <= value <= high:
        raise ValueError(f'expected {name} in [{low}, {high}], got {value}')


def check_flag(name: str, flag: bool) -> bool:
    """Return `flag` unchanged; raise ValueError if it is neither True nor False."""
    if not isinstance(flag, bool):
        raise ValueError(f'expected {name} to be True or False, got {flag!r}')
    return flag


def check_epoch(name: str, epoch: int, max_epochs: int | None = None) -> int:
    """Return `epoch` unchanged.

    Raises:
        ValueError: If it is not an integer >= 0, or not below `max_epochs`.
    """
    if isinstance(epoch, bool) or not isinstance(epoch, Integral) or epoch < 0:
        raise ValueError(f'expected {name} to be an integer >= 0, got {epoch!r}')
    if max_epochs is not None and epoch >= max_epochs:
        raise ValueError(f'expected {name} below max_epochs={max_epochs}, got {epoch}')
    return int(epoch)


def check_samples(indices: Tensor, total: int) -> Tensor:
    """Return sample indices as a tensor; raise ValueError if one is outside [0, total)."""
    indices = torch.as_tensor(indices)
    if len(indices) and not 0 <= indices.min() <= indices.max() < total:
        raise ValueError(f'expected samples from 0 to {total - 1}, got {indices.tolist()}')
    return indices


def require_state(owner: str, state: str, value: T | None) -> T:
    """Return state of a loss that a hook or the training loop sets.

    Args:
        owner: Name of the loss, for the message.
        state: ``'epoch'``, ``'class prior'`` or ``'samples'``.
        value: Current value, None if it was never set.

    Raises:
        RuntimeError: If the value is None; the message says how to set it.
    """
    if value is None:
        hook, key, method = _SETTERS[state]
        raise RuntimeError(
            f'{owner} is missing the {state}: under a runner add '
            f"{key}=dict(type='mmpretrain_mlml.{hook}') to default_hooks; in your own training loop "
            f'call {method}'
        )
    return value
