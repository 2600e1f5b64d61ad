"""Runners with a strategy (FSDP): the repairs of the plain ``Runner``, and of FSDP itself."""

from __future__ import annotations

import functools
from typing import Any

import mmengine.runner._flexible_runner as flexible_runner
import mmengine.runner.checkpoint as mmengine_checkpoint
import torch
from mmengine._strategy import DDPStrategy, FSDPStrategy
from mmengine.runner import FlexibleRunner
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

from .atomic_backend import ATOMIC
from .distributed import cpu_only, start_gloo
from .resume import find_latest_checkpoint


def shard_without_gpu() -> None:
    """Let ``FSDPStrategy`` and ``DDPStrategy`` train on CPUs through gloo.

    Symptom: they fail in ``torch.cuda.set_device`` without a GPU, and FSDP is given GPU numbers. Once
    it runs, checkpoints hold Adam's second moments in place of the first: torch collects both in one
    buffer and relies on ``.cpu()`` to copy them out, but on a CPU that makes no copy.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12; torch 2.15 for the moments.
    Goes when: mmengine's ``init_dist`` and strategies support the CPU, and torch copies.
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
            self.optim_state_dict_config.offload_to_cpu = False
        return wrap(self, model)

    DDPStrategy._setup_distributed, FSDPStrategy._wrap_model = setup_on_cpu, wrap_on_cpu


def find_checkpoints_of_strategies() -> None:
    """Give ``FlexibleRunner`` the repair of ``Runner`` for finding checkpoints.

    Symptom: as for ``resume_from_files_in_work_dir``.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: that one can go.
    """
    flexible_runner.find_latest_checkpoint = find_latest_checkpoint


def write_checkpoints_atomically() -> None:
    """Make strategies write a local checkpoint as a whole or not at all.

    Symptom: they ignore the ``backend_args`` by which a hook asks for that.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``FlexibleRunner.save_checkpoint`` passes them on.
    """
    save = mmengine_checkpoint.save_checkpoint

    @functools.wraps(save)
    def save_atomically(
        checkpoint: dict,
        filename: str,
        file_client_args: dict | None = None,
        backend_args: dict | None = None,
    ) -> None:
        if '://' not in filename and file_client_args is None and backend_args is None:
            backend_args = {'backend': ATOMIC}
        save(checkpoint, filename, file_client_args, backend_args)

    mmengine_checkpoint.save_checkpoint = save_atomically


def resume_sharded_optimiser() -> None:
    """Let ``FSDPStrategy`` resume.

    Symptom: ``TypeError: unhashable type: 'dict'``, because mmengine passes the arguments of FSDP's
    ``optim_state_dict_to_load`` in the order of torch 2.0.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 with torch >= 2.1.
    Goes when: mmengine names the arguments.
    """

    def load_optim_state_dict(self: FSDPStrategy, state_dict: dict) -> None:
        loaded = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model, optim=self.optim_wrapper.optimizer, optim_state_dict=state_dict
        )
        self.optim_wrapper.load_state_dict(loaded)

    FSDPStrategy.load_optim_state_dict = load_optim_state_dict


def save_given_position() -> None:
    """Make ``FlexibleRunner.save_checkpoint`` write the epoch and iteration that it is given.

    Symptom: a checkpoint that is written again after its validation holds an epoch too many, so that
    a resumed run omits an epoch.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: it respects ``meta``, as ``Runner`` does.
    """
    save = FlexibleRunner.save_checkpoint

    @functools.wraps(save)
    def save_at_position(
        self: FlexibleRunner, *args: Any, meta: dict | None = None, **kwargs: Any
    ) -> None:
        given = {key: value for key, value in (meta or {}).items() if key in ('epoch', 'iter')}
        call_hook = self.call_hook

        def call_with_position(name: str, **arguments: Any) -> None:
            if name == 'before_save_checkpoint':
                arguments['checkpoint']['meta'].update(given)
            call_hook(name, **arguments)

        self.call_hook = call_with_position
        try:
            save(self, *args, meta=meta, **kwargs)
        finally:
            del self.call_hook

    FlexibleRunner.save_checkpoint = save_at_position
