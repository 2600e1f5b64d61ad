from __future__ import annotations

import datetime
import functools
from typing import Any

import torch.distributed
from mmengine.device import get_device
from mmengine.runner import Runner
from torch import nn


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
        if self._launcher == 'pytorch' and _cpu_only() and not torch.distributed.is_initialized():
            seconds = env_cfg.get('dist_cfg', {}).get('timeout', 1800)
            torch.distributed.init_process_group(
                'gloo', timeout=datetime.timedelta(seconds=seconds)
            )
        setup_env(self, env_cfg)

    @functools.wraps(wrap_model)
    def wrap_model_on_cpu(self: Runner, model_wrapper_cfg: dict | None, model: Any) -> nn.Module:
        if self.distributed and _cpu_only():
            if model_wrapper_cfg is None:  # what mmengine builds then, but for the device
                model_wrapper_cfg = {
                    'type': 'MMDistributedDataParallel',
                    'broadcast_buffers': False,
                    'find_unused_parameters': self.cfg.get('find_unused_parameters', False),
                }
            model_wrapper_cfg.setdefault('device_ids', None)
        return wrap_model(self, model_wrapper_cfg, model)

    Runner.setup_env, Runner.wrap_model = setup_env_on_cpu, wrap_model_on_cpu


def _cpu_only() -> bool:
    return get_device() == 'cpu'
