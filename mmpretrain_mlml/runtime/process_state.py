"""Per-process state inside an epoch: saving and restoring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from mmengine.dist import all_gather_object
from mmengine.runner import Runner
from torch import Tensor

from .models import averaged_models
from .protocols import HasProcessState
from .random_state import random_state, set_random_state
from .unwrap import unwrap_model


def gather_states(runner: Runner) -> list[dict[str, Any]]:
    """Return the states of all processes, ordered by rank; all processes must call it.

    A state holds the buffers of the model and of its averages (batch norm statistics differ between
    processes until the epoch ends), the state of the random number generators, and the states of the
    hooks that follow :class:`~mmpretrain_mlml.runtime.protocols.HasProcessState`.
    """
    state = {
        'buffers': [buffer.cpu() for buffer in _buffers(runner)],
        'random': random_state(),
        'hooks': {name: hook.process_state() for name, hook in _hooks_with_state(runner)},
    }
    if torch.cuda.is_available():
        state['cuda'] = torch.cuda.get_rng_state()
    return all_gather_object(state)


def restore_buffers(runner: Runner, state: Mapping[str, Any]) -> None:
    """Copy the buffers of a state to the model and its averages.

    Raises:
        ValueError: If the model has other buffers.
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
    """Give each hook with process state its part of ``state``, if there is one."""
    for name, hook in _hooks_with_state(runner):
        if state.get('hooks', {}).get(name):
            hook.load_process_state(state['hooks'][name])


def restore_random_state(state: Mapping[str, Any]) -> None:
    """Set the random number generators to those of a state."""
    set_random_state(state['random'])
    if 'cuda' in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu())


def _hooks_with_state(runner: Runner) -> Iterator[tuple[str, HasProcessState]]:
    for hook in runner.hooks:
        if isinstance(hook, HasProcessState):
            yield type(hook).__name__, hook


def _buffers(runner: Runner) -> Iterator[Tensor]:
    yield from unwrap_model(runner.model).buffers()
    for averaged in averaged_models(runner):
        yield from averaged.module.buffers()
