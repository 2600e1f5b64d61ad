"""Refuse weights that do not fit the model, where MMEngine only logs the difference.

MMEngine accepts weights that fit in part or not at all, and other people's tools rely on that. So this
is no repair: only the tools of this project call it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import mmengine.runner.checkpoint as mmengine_checkpoint
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import Runner
from torch import nn

from ..printable import first_few

SHOWN = 3  # names in a message


def refuse_unrelated_weights() -> None:
    """Raise an error where not one tensor of a file was loaded into the model.

    Otherwise ``init_cfg.checkpoint`` or ``load_from`` with the file of another network logs some lines
    and trains from scratch. What was loaded is seen from the tensors of the model, so wrappers around
    it and hooks that rename keys make no difference.
    """
    load = mmengine_checkpoint.load_state_dict

    @functools.wraps(load)
    def load_something(
        module: nn.Module, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any
    ) -> None:
        before = _written(module)
        load(module, state_dict, *args, **kwargs)
        if before and _written(module) == before:
            own = list(module.state_dict())
            raise _UnrelatedWeightsError(
                f'none of its {len(state_dict)} tensors ({first_few(state_dict, SHOWN)}) fits one of '
                f'the {len(own)} of the {type(module).__name__} ({first_few(own, SHOWN)}). '
                'Is it the file of another network?'
            )

    mmengine_checkpoint.load_state_dict = load_something
    PretrainedInit.__call__ = _naming_file(
        PretrainedInit.__call__, lambda self, *_, **__: self.checkpoint
    )
    Runner.load_checkpoint = _naming_file(
        Runner.load_checkpoint, lambda self, filename, *_, **__: filename
    )


def refuse_unfitting_checkpoint() -> None:
    """Make a runner refuse a checkpoint whose names are not exactly those of the model.

    Otherwise ``tools/test.py`` with a wrong checkpoint warns, keeps random weights and prints scores.
    Only ``tools/test.py`` calls this: training may start from weights that fit in part.
    """
    load_checkpoint = Runner.load_checkpoint

    @functools.wraps(load_checkpoint)
    def load_strictly(self: Runner, filename: str, *args: Any, **kwargs: Any) -> dict:
        try:
            return load_checkpoint(self, filename, *args, **{**kwargs, 'strict': True})
        except RuntimeError as error:
            if 'do not match' not in str(error):
                raise
            raise RuntimeError(
                f'{filename} does not fit the model of this config, so its scores would be those of '
                'random weights. Use the config it was trained with; convert a checkpoint of the '
                f'released trainer with tools/convert_checkpoint.py first. {error}'
            ) from error

    Runner.load_checkpoint = load_strictly


class _UnrelatedWeightsError(RuntimeError):
    pass


def _written(module: nn.Module) -> list[tuple[int, int]]:
    """Return where each tensor of a module lies and how often it was written to.

    Batch norm writes its own ``num_batches_tracked`` where a file has none.
    """
    return [
        (tensor.data_ptr(), tensor._version)
        for name, tensor in chain(module.named_parameters(), module.named_buffers())
        if not name.endswith('num_batches_tracked')
    ]


def _naming_file(function: Callable, file_of: Callable[..., str]) -> Callable:
    """Wrap a function so that its refusal of unrelated weights names the file."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _named_file(file_of(*args, **kwargs)):
            return function(*args, **kwargs)

    return call


@contextmanager
def _named_file(file: str) -> Iterator[None]:
    try:
        yield
    except _UnrelatedWeightsError as error:
        raise RuntimeError(f'{file} does not fit the model: {error}') from error
