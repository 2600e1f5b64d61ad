"""Keep a checkpoint from making a runner execute its config."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.runner import FlexibleRunner, Runner

from .replaced import replaced


def sanitise_resumed_checkpoints() -> None:
    """Remove the text of the config from a checkpoint, as a runner resumes from it.

    Symptom: ``Runner.resume`` and ``FlexibleRunner.resume`` run ``checkpoint['meta']['config']`` as
    Python, only to read a key (``gpu_ids``) that no current config has.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: resume no longer calls ``Config.fromstring``.
    """
    resume, resume_with_strategy = Runner.resume, FlexibleRunner.resume

    @functools.wraps(resume)
    def resume_sanitised(self: Runner, *args: Any, **kwargs: Any) -> None:
        with _sanitising(self, 'load_checkpoint'):
            resume(self, *args, **kwargs)

    @functools.wraps(resume_with_strategy)
    def resume_with_strategy_sanitised(self: FlexibleRunner, *args: Any, **kwargs: Any) -> None:
        with _sanitising(self.strategy, 'resume'):
            resume_with_strategy(self, *args, **kwargs)

    Runner.resume, FlexibleRunner.resume = resume_sanitised, resume_with_strategy_sanitised


@contextmanager
def _sanitising(owner: Any, method: str) -> Iterator[None]:
    """Let a method of an object return sanitised checkpoints inside the block."""
    load = getattr(owner, method)

    @functools.wraps(load)
    def load_and_sanitise(*args: Any, **kwargs: Any) -> dict:
        return sanitised(load(*args, **kwargs))

    with replaced(owner, method, load_and_sanitise):
        yield


def sanitised(checkpoint: dict) -> dict:
    """Return a checkpoint of whose config the numbers in ``gpu_ids`` alone remain."""
    meta = checkpoint.get('meta')
    if not isinstance(meta, dict) or 'config' not in meta:
        return checkpoint
    meta = dict(meta)
    gpu_ids = _gpu_ids(meta.pop('config'))
    if gpu_ids is not None:
        meta['config'] = f'gpu_ids = {gpu_ids!r}\n'
    return {**checkpoint, 'meta': meta}


def _gpu_ids(config: Any) -> list[int] | None:
    """Return the list of numbers that the text of a config assigns to ``gpu_ids``, if it does."""
    try:
        statements = ast.parse(config).body
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError):
        return None
    for statement in statements:
        if not isinstance(statement, ast.Assign):
            continue
        if any(isinstance(name, ast.Name) and name.id == 'gpu_ids' for name in statement.targets):
            try:
                numbers = list(ast.literal_eval(statement.value))
            except (ValueError, TypeError):  # range(...), or no list
                return None
            return numbers if all(type(number) is int for number in numbers) else None
    return None
