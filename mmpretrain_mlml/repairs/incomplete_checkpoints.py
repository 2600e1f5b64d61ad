"""Checkpoints that lack what resuming needs."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any

from mmengine._strategy import SingleDeviceStrategy
from mmengine.logging import print_log
from mmengine.runner import FlexibleRunner, Runner

from .replaced import replaced


def explain_missing_training_state() -> None:
    """Say what a checkpoint lacks to resume from it.

    Symptom: ``--resume`` from a file of weights alone ends in ``KeyError: 'meta'``. From MMEngine's
    own ``best_*.pth``, which holds neither optimiser nor schedule, it silently trains on with a new
    optimiser and the beginning of the schedule.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``resume`` of the runners names what is missing.
    """
    for runner in (Runner, FlexibleRunner):
        runner.resume = _explaining(runner.resume)


def _explaining(resume: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(resume)
    def resume_or_explain(
        self: Any,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        has_schedule = getattr(self, 'param_schedulers', None) is not None
        wanted = {
            'optimizer': resume_optimizer,
            'param_schedulers': resume_param_scheduler and has_schedule,
        }
        call_hook = self.call_hook

        def check_first(name: str, **arguments: Any) -> None:
            if name == 'after_load_checkpoint':
                state = arguments['checkpoint']
                lacking = [key for key in wanted if wanted[key] and key not in state]
                _check_training_state(self, filename, state, lacking)
            call_hook(name, **arguments)

        with replaced(self, 'call_hook', check_first):
            resume(self, filename, resume_optimizer, resume_param_scheduler, *args, **kwargs)

    return resume_or_explain


def _check_training_state(
    runner: Any, filename: str, checkpoint: Mapping[str, Any], lacking: list[str]
) -> None:
    """Raise RuntimeError if a checkpoint lacks what its runner needs; warn if that can do without."""
    strategy = getattr(runner, 'strategy', None)
    if strategy is not None and not isinstance(strategy, SingleDeviceStrategy):
        return  # DeepSpeed and others have files of their own
    meta = checkpoint.get('meta') or {}
    alone = not {'epoch', 'iter'} <= set(meta) or 'message_hub' not in checkpoint
    what = 'weights alone' if alone else f'no {" and no ".join(lacking)}'
    if alone or (lacking and strategy is not None):
        raise RuntimeError(
            f'{filename} holds {what}, so training cannot resume from it: resume from an epoch_*.pth, '
            'or start anew from these weights with --cfg-options load_from=FILE'
        )
    if lacking:
        print_log(
            f'{filename} holds {what}: training continues after epoch {meta["epoch"]}, but with the '
            'beginning of what is missing. Resume from an epoch_*.pth to continue as before',
            'current', logging.WARNING,
        )  # fmt: skip
