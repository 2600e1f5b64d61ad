from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mmengine.runner.checkpoint as mmengine_checkpoint
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import Runner
from torch import nn

SHOWN = 3  # names in a message


def refuse_weights_that_fit_nowhere() -> None:
    """Makes loading fail where not one name in a file is a name in the model.

    Symptom: ``init_cfg.checkpoint`` or ``load_from`` with the file of another network logs some lines
    and trains from scratch.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``load_state_dict`` does so.
    """
    load = mmengine_checkpoint.load_state_dict

    @functools.wraps(load)
    def load_or_refuse(
        module: nn.Module, state_dict: Any, strict: bool = False, *args: Any, **kwargs: Any
    ) -> None:
        wanted = module.state_dict().keys()
        if wanted and not strict and not wanted & state_dict.keys():
            raise _FitsNowhere(
                f'none of its {len(state_dict)} names ({_some(state_dict)}) is among the '
                f'{len(wanted)} of the {type(module).__name__} ({_some(wanted)}). Is it the file of '
                'another network?'
            )
        load(module, state_dict, strict, *args, **kwargs)

    mmengine_checkpoint.load_state_dict = load_or_refuse
    PretrainedInit.__call__ = _naming(PretrainedInit.__call__, lambda self, *_: self.checkpoint)
    Runner.load_checkpoint = _naming(Runner.load_checkpoint, lambda _, filename, *args: filename)


class _FitsNowhere(RuntimeError):
    pass


def _naming(function: Callable, file_of: Callable[..., str]) -> Callable:
    """The same function, whose refusal names the file."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _named(file_of(*args)):
            return function(*args, **kwargs)

    return call


@contextmanager
def _named(file: str) -> Iterator[None]:
    try:
        yield
    except _FitsNowhere as error:
        raise RuntimeError(f'{file} does not fit the model: {error}') from error


def _some(names: Any) -> str:
    names = list(names)
    return ', '.join(names[:SHOWN]) + (', ...' if len(names) > SHOWN else '')
