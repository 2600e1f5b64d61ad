from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.hooks import LoggerHook, RuntimeInfoHook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor


@HOOKS.register_module()
class LazyRuntimeInfoHook(RuntimeInfoHook):
    """MMEngine's ``RuntimeInfoHook`` that does not wait for the losses of each iteration.

    It passes them to the message hub when they are to be logged, at the end of an epoch, and before a
    checkpoint is written, all at once: the same numbers in the same order. On a CPU, where there is
    nothing to wait for, it passes them after each iteration, like MMEngine. It belongs in
    ``default_hooks``::

        default_hooks = dict(runtime_info=dict(type='mmpretrain_mlml.LazyRuntimeInfoHook'))

    A hook that reads ``train/loss`` from the message hub in every iteration needs MMEngine's.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[dict[str, Any]] = []  # losses of iterations, by name
        self._intervals: list[int] = []

    def before_train(self, runner: Runner) -> None:
        super().before_train(runner)
        loggers = [hook for hook in runner.hooks if isinstance(hook, LoggerHook)]
        self._intervals = [logger.interval for logger in loggers]

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        if outputs is None:
            return
        kept = {key: _detached(value) for key, value in outputs.items()}
        self._kept.append(kept)
        if (
            not any(isinstance(value, Tensor) and self.is_late(value) for value in kept.values())
            or any(self.every_n_inner_iters(batch_idx, number) for number in self._intervals)
            or self.end_of_epoch(runner.train_dataloader, batch_idx)
            or self.is_last_train_iter(runner)
        ):
            self._pass_on(runner)

    @staticmethod
    def is_late(value: Tensor) -> bool:
        """Return whether to read a value would mean to wait for the device."""
        return value.is_cuda

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._kept:
            self._pass_on(runner)
            checkpoint['message_hub'] = runner.message_hub.state_dict()

    def _pass_on(self, runner: Runner) -> None:
        tensors = [
            value for kept in self._kept for value in kept.values() if isinstance(value, Tensor)
        ]
        numbers = iter(
            torch.stack([value.double() for value in tensors]).tolist() if tensors else ()
        )
        for kept in self._kept:
            for key, value in kept.items():
                number = next(numbers) if isinstance(value, Tensor) else value
                runner.message_hub.update_scalar(f'train/{key}', number)
        self._kept.clear()


def _detached(value: Any) -> Any:
    return value.detach().reshape(()) if isinstance(value, Tensor) else value
