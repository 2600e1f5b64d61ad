"""Several processes: training on CPUs, and a clean end of every process."""

from __future__ import annotations

import ctypes
import datetime
import functools
import logging
import os
import signal
import sys
from typing import Any

import torch.distributed
from mmengine.device import get_device
from mmengine.model import is_model_wrapper
from mmengine.registry import MODEL_WRAPPERS
from mmengine.runner import Runner
from torch import nn
from torch.nn.parallel import DistributedDataParallel

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def train_distributed_without_gpu() -> None:
    """Let several processes train on CPUs through gloo.

    Symptom: ``--launcher pytorch`` without a GPU fails in ``torch.cuda.set_device``, whatever backend
    is configured, and the model is wrapped with ``device_ids``, which a CPU module rejects.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: mmengine's ``init_dist`` and ``wrap_model`` support the CPU.
    """
    setup_env, wrap_model = Runner.setup_env, Runner.wrap_model

    @functools.wraps(setup_env)
    def setup_env_on_cpu(self: Runner, env_cfg: dict) -> None:
        if self._launcher == 'pytorch' and cpu_only():
            start_gloo(env_cfg.get('dist_cfg', {}).get('timeout', 1800))
        setup_env(self, env_cfg)

    @functools.wraps(wrap_model)
    def wrap_model_on_cpu(self: Runner, model_wrapper_cfg: dict | None, model: Any) -> nn.Module:
        if self.distributed and cpu_only() and not is_model_wrapper(model):
            cfg = model_wrapper_cfg
            if cfg is None:  # mmengine's default, without the device
                cfg = {
                    'broadcast_buffers': False,
                    'find_unused_parameters': self.cfg.get('find_unused_parameters', False),
                }
            model_wrapper_cfg = {'type': 'MMDistributedDataParallel', **cfg}
            kind = model_wrapper_cfg['type']
            wrapper = MODEL_WRAPPERS.get(kind) if isinstance(kind, str) else kind
            if issubclass(wrapper, DistributedDataParallel):
                model_wrapper_cfg.setdefault('device_ids', None)
        return wrap_model(self, model_wrapper_cfg, model)

    Runner.setup_env, Runner.wrap_model = setup_env_on_cpu, wrap_model_on_cpu


def end_with_launcher() -> None:
    """Make a process that torchrun started end with torchrun.

    Symptom: torchrun starts each process in a session of its own. If torchrun is killed (SIGKILL, out
    of memory), they continue to train unnoticed, into the same folder as the resumed run.
    Versions: torch 2.15 and all earlier ones; on Linux.
    Goes when: the processes of torchrun end with it by themselves.
    """
    if 'TORCHELASTIC_RUN_ID' in os.environ and sys.platform == 'linux':
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def leave_gloo(exit_code: int = 0) -> None:
    """End this process at once if it belongs to a gloo group; otherwise do nothing.

    Symptom: about one run of two processes in ten ends with "terminate called without an active
    exception": a finished process aborts while C++ destroys its threads, long after Python has
    ended, and the launcher reports a failed run. Destroying the group beforehand does not help.
    Versions: torch 2.15 with gloo.
    Goes when: many such runs in a row end cleanly without this.

    Args:
        exit_code: Exit code of the process. With 0 it waits for the other processes first.
    """
    group = torch.distributed
    if group.is_initialized() and group.get_backend() == 'gloo' and group.get_world_size() > 1:
        if exit_code == 0:  # after an error the others may be gone already
            group.barrier()
        group.destroy_process_group()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def start_gloo(timeout: int) -> None:
    """Start a gloo group unless there is a group; mmengine uses it. ``timeout`` is in seconds."""
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo', timeout=datetime.timedelta(seconds=timeout))


def cpu_only() -> bool:
    """Return whether MMEngine would train on the CPU."""
    return get_device() == 'cpu'
