"""Runners with a strategy (FSDP): the same repairs as for the plain ``Runner``."""

from __future__ import annotations

import functools
from typing import Any

import mmengine.runner._flexible_runner as flexible_runner
import torch
from mmengine._strategy import BaseStrategy, DDPStrategy, FSDPStrategy, SingleDeviceStrategy
from torch import nn

from .checkpoints import disarm
from .distributed import cpu_only, start_gloo
from .resume import find_latest_checkpoint


def shard_without_gpu() -> None:
    """Lets ``FSDPStrategy`` and ``DDPStrategy`` train on CPUs through gloo.

    Symptom: they die in ``torch.cuda.set_device`` without a GPU, and FSDP is given GPU numbers.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: mmengine's ``init_dist`` and strategies know the CPU.
    """
    setup, wrap = DDPStrategy._setup_distributed, FSDPStrategy._wrap_model

    @functools.wraps(setup)
    def setup_on_cpu(
        self: DDPStrategy, launcher: str = 'pytorch', backend: str = 'nccl', **kwargs: Any
    ) -> None:
        if launcher == 'pytorch' and cpu_only():
            start_gloo(kwargs.get('timeout', 1800))
        setup(self, launcher, backend, **kwargs)

    @functools.wraps(wrap)
    def wrap_on_cpu(self: FSDPStrategy, model: nn.Module) -> nn.Module:
        if cpu_only():
            wrapper = self.model_wrapper or {'type': 'MMFullyShardedDataParallel'}
            self.model_wrapper = {**wrapper, 'device_id': torch.device('cpu')}
        return wrap(self, model)

    DDPStrategy._setup_distributed, FSDPStrategy._wrap_model = setup_on_cpu, wrap_on_cpu


def never_obey_checkpoint_of_strategy() -> None:
    """Drops from a checkpoint what a ``FlexibleRunner`` would act upon, and finds the right one.

    Symptom, versions and end: as ``never_obey_checkpoint`` and ``resume_from_what_is_there``.
    """
    load = SingleDeviceStrategy.load_checkpoint

    @functools.wraps(load)
    def load_and_disarm(self: BaseStrategy, *args: Any, **kwargs: Any) -> dict:
        checkpoint = load(self, *args, **kwargs)
        disarm(checkpoint, self.work_dir)
        return checkpoint

    SingleDeviceStrategy.load_checkpoint = load_and_disarm
    flexible_runner.find_latest_checkpoint = find_latest_checkpoint
