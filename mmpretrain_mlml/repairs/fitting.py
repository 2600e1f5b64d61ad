"""Refuse weights that do not fit the model, where MMEngine only logs the difference."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mmengine.runner.checkpoint as mmengine_checkpoint
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import Runner
from torch import nn

from ..printable import first_few

SHOWN = 3  # names in a message


def refuse_unrelated_weights() -> None:
    """Raise an error where a file and the model have not one name in common.

    Symptom: ``init_cfg.checkpoint`` or ``load_from`` with the file of another network logs some lines
    and trains from scratch.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``load_state_dict`` raises an error itself.
    """
    load = mmengine_checkpoint.load_state_dict

    @functools.wraps(load)
    def load_related(
        module: nn.Module,
        state_dict: Mapping[str, Any],
        strict: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        wanted = module.state_dict().keys()
        if wanted and not strict and not wanted & state_dict.keys():
            raise _UnrelatedWeightsError(
                f'none of its {len(state_dict)} names ({first_few(state_dict, SHOWN)}) is among the '
                f'{len(wanted)} of the {type(module).__name__} ({first_few(wanted, SHOWN)}). '
                'Is it the file of another network?'
            )
        load(module, state_dict, strict, *args, **kwargs)

    mmengine_checkpoint.load_state_dict = load_related
    PretrainedInit.__call__ = _naming_file(
        PretrainedInit.__call__, lambda self, *_: self.checkpoint
    )
    Runner.load_checkpoint = _naming_file(
        Runner.load_checkpoint, lambda _, filename, *args: filename
    )


def refuse_unfitting_checkpoint() -> None:
    """Make a runner refuse a checkpoint whose names are not exactly those of the model.

    Symptom: ``tools/test.py`` with a wrong checkpoint warns, keeps random weights and prints scores.
    Only ``tools/test.py`` calls this: training may start from weights that fit in part.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 (``strict=False`` is the default of
    ``Runner.load_checkpoint``, and ``load_or_resume`` does not change it).
    Goes when: MMPretrain's ``tools/test.py`` loads strictly.
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


def _naming_file(function: Callable, file_of: Callable[..., str]) -> Callable:
    """Wrap a function so that its refusal of unrelated weights names the file."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with _named_file(file_of(*args)):
            return function(*args, **kwargs)

    return call


@contextmanager
def _named_file(file: str) -> Iterator[None]:
    try:
        yield
    except _UnrelatedWeightsError as error:
        raise RuntimeError(f'{file} does not fit the model: {error}') from error
