"""Runners with a strategy: the repairs of the plain ``Runner``."""

from __future__ import annotations

import functools
from typing import Any

import mmengine.runner._flexible_runner as flexible_runner
import mmengine.runner.checkpoint as mmengine_checkpoint
from mmengine._strategy import DDPStrategy
from mmengine.runner import FlexibleRunner
from torch import nn

from .atomic_backend import ATOMIC
from .distributed import cpu_only, start_gloo
from .replaced import replaced
from .resume import find_latest_checkpoint


def distribute_without_gpu() -> None:
    """Let ``DDPStrategy`` and its kin train on CPUs through gloo.

    Symptom: they fail in ``torch.cuda.set_device`` without a GPU, and after that in
    ``DistributedDataParallel``, which is given a GPU number that a CPU module rejects.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: mmengine's ``init_dist`` and strategies support the CPU.
    """
    setup, wrap = DDPStrategy._setup_distributed, DDPStrategy._wrap_model

    @functools.wraps(setup)
    def setup_on_cpu(
        self: DDPStrategy, launcher: str = 'pytorch', backend: str = 'nccl', **kwargs: Any
    ) -> None:
        if launcher == 'pytorch' and cpu_only():
            start_gloo(kwargs.get('timeout', 1800))
        setup(self, launcher, backend, **kwargs)

    @functools.wraps(wrap)
    def wrap_on_cpu(self: DDPStrategy, model: nn.Module) -> nn.Module:
        if cpu_only():
            default = {'type': 'MMDistributedDataParallel', 'broadcast_buffers': False}
            self.model_wrapper = {'device_ids': None, **(self.model_wrapper or default)}
        return wrap(self, model)

    DDPStrategy._setup_distributed, DDPStrategy._wrap_model = setup_on_cpu, wrap_on_cpu


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

        with replaced(self, 'call_hook', call_with_position):
            save(self, *args, meta=meta, **kwargs)

    FlexibleRunner.save_checkpoint = save_at_position
