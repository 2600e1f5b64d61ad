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
from mmengine.runner import Runner
from torch import nn

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h


def train_distributed_without_gpu() -> None:
    """Lets several processes train on CPUs through gloo.

    Symptom: ``--launcher pytorch`` without a GPU dies in ``torch.cuda.set_device``, whatever backend
    is configured, and the model is wrapped with ``device_ids``, which a CPU module refuses.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: mmengine's ``init_dist`` and ``wrap_model`` know the CPU.
    """
    setup_env, wrap_model = Runner.setup_env, Runner.wrap_model

    @functools.wraps(setup_env)
    def setup_env_on_cpu(self: Runner, env_cfg: dict) -> None:
        if self._launcher == 'pytorch' and cpu_only():
            start_gloo(env_cfg.get('dist_cfg', {}).get('timeout', 1800))
        setup_env(self, env_cfg)

    @functools.wraps(wrap_model)
    def wrap_model_on_cpu(self: Runner, model_wrapper_cfg: dict | None, model: Any) -> nn.Module:
        if self.distributed and cpu_only():
            if model_wrapper_cfg is None:  # what mmengine builds then, but for the device
                model_wrapper_cfg = {
                    'type': 'MMDistributedDataParallel',
                    'broadcast_buffers': False,
                    'find_unused_parameters': self.cfg.get('find_unused_parameters', False),
                }
            model_wrapper_cfg.setdefault('device_ids', None)
        return wrap_model(self, model_wrapper_cfg, model)

    Runner.setup_env, Runner.wrap_model = setup_env_on_cpu, wrap_model_on_cpu


def end_with_launcher() -> None:
    """Lets a process that torchrun started end with it.

    Symptom: torchrun puts each process into a session of its own, so where it is killed (SIGKILL, out
    of memory) they train on unseen, into the same folder as the run that is resumed.
    Versions: torch 2.15 and all before; on Linux.
    Goes when: torchrun's processes notice by themselves.
    """
    if 'TORCHELASTIC_RUN_ID' in os.environ and sys.platform == 'linux':
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def leave_gloo(exit_code: int = 0) -> None:
    """Ends a process of a gloo group, one that has done its work together with the others.

    Symptom: about one run of two processes in ten ends with "terminate called without an active
    exception": a process that is done aborts while C++ takes its threads down, long after Python has
    finished, and the launcher calls the run failed. Destroying the group beforehand does not help.
    Versions: torch 2.15 with gloo.
    Goes when: a loop of such runs ends cleanly without this.
    """
    group = torch.distributed
    if group.is_initialized() and group.get_backend() == 'gloo' and group.get_world_size() > 1:
        if exit_code == 0:  # one that leaves otherwise may be alone
            group.barrier()
        group.destroy_process_group()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def start_gloo(timeout: int) -> None:
    """Starts a gloo group, if there is no group yet; mmengine respects it. ``timeout`` in seconds."""
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo', timeout=datetime.timedelta(seconds=timeout))


def cpu_only() -> bool:
    return get_device() == 'cpu'
