"""Per-process state inside an epoch: saving and restoring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def share_out(states: Sequence[Mapping[str, Any]], processes: int) -> list[Mapping[str, Any]]:
    """Return states for another number of processes; with the same number, those given.

    Buffers are averaged, as they are at the end of an epoch. Random number generators are left as
    they are.

    Args:
        states: States returned by :func:`gather_states`.
        processes: Number of processes that will restore them.

    Raises:
        ValueError: If a hook has state of its own in each process.
    """
    if len(states) == processes:
        return list(states)
    hooks = {name for state in states for name, held in state.get('hooks', {}).items() if held}
    if hooks:
        raise ValueError(
            f'the checkpoint was written inside an epoch by {len(states)} processes, each with a '
            f'state of {", ".join(sorted(hooks))}: resume with as many, or from an epoch_*.pth'
        )
    buffers = [
        torch.stack(held).mean(0) if held[0].is_floating_point() else held[0]
        for held in zip(*(state['buffers'] for state in states), strict=True)
    ]
    return [{'buffers': buffers, 'hooks': {}}] * processes


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
    """Set the random number generators to those of a state, if it holds them."""
    if 'random' in state:
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
