"""Checks of what losses are given: hyper-parameters, epochs, state set from outside."""

from __future__ import annotations

from numbers import Integral
from typing import TypeVar

T = TypeVar('T')

_SETTERS = {  # what a loss can need: the hook that sets it, its key in default_hooks, the method
    'epoch': ('LossEpochHook', 'loss_epoch', 'set_epoch(epoch, max_epochs)'),
    'class prior': ('LossDataHook', 'loss_data', 'set_class_prior(prior)'),
    'samples': ('LossDataHook', 'loss_data', 'set_samples(indices, total)'),
}


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
