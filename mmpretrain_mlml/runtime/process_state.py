"""What processes do not have in common inside an epoch, so that each finds its own again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from mmengine.dist import all_gather_object
from mmengine.runner import Runner
from torch import Tensor, nn

from .random_state import random_state, set_random_state
from .unwrap import unwrap_model


def gather_states(runner: Runner) -> list[dict[str, Any]]:
    """The states of all processes, by rank; all must call it.

    They are the buffers of the model and of its average (each process has its own batch norm
    statistics until the epoch ends), where its random draws stand, and what hooks with a method
    ``process_state()`` give.
    """
    state = {
        'buffers': [buffer.cpu() for buffer in _buffers(runner)],
        'random': random_state(),
        'hooks': {name: hook.process_state() for name, hook in _hooks(runner)},
    }
    if torch.cuda.is_available():
        state['cuda'] = torch.cuda.get_rng_state()
    return all_gather_object(state)


def restore_buffers(runner: Runner, state: Mapping[str, Any]) -> None:
    """Gives the model and its average the buffers of a state.

    Raises:
        ValueError: The model has others.
    """
    buffers = list(_buffers(runner))
    if [b.shape for b in buffers] != [b.shape for b in state['buffers']]:
        raise ValueError(
            f'the checkpoint holds {len(state["buffers"])} buffers of this process, which do not fit '
            f'the {len(buffers)} of the model: resume with the config it was written with'
        )
    for buffer, saved in zip(buffers, state['buffers']):
        buffer.copy_(saved)


def restore_hooks(runner: Runner, state: Mapping[str, Any]) -> None:
    """Gives hooks with a method ``load_process_state(state)`` theirs of a state, where it has one."""
    for name, hook in _hooks(runner):
        if state.get('hooks', {}).get(name):
            hook.load_process_state(state['hooks'][name])


def restore_draws(state: Mapping[str, Any]) -> None:
    """Lets random draws go on where a state was taken."""
    set_random_state(state['random'])
    if 'cuda' in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())


def _hooks(runner: Runner) -> Iterator[tuple[str, Any]]:
    for hook in runner.hooks:
        if hasattr(hook, 'process_state'):
            yield type(hook).__name__, hook


def _buffers(runner: Runner) -> Iterator[Tensor]:
    yield from unwrap_model(runner.model).buffers()
    for hook in runner.hooks:
        averaged = getattr(hook, 'ema_model', None)
        if isinstance(averaged, nn.Module):
            yield from averaged.module.buffers()
