from __future__ import annotations

import functools

import mmengine.optim.optimizer.amp_optimizer_wrapper as mmengine_amp
import torch
from mmengine.device import get_device


def allow_bf16_without_gpu() -> None:
    """Lets ``AmpOptimWrapper(dtype='bfloat16')`` train on a CPU.

    Symptom: the wrapper asserts that there is a GPU, although the autocast it uses runs in bfloat16 on
    the CPU; and it makes its gradient scaler through ``torch.cuda.amp``, which warns that it is
    deprecated and has no GPU. Float16 stays refused on the CPU, by mmengine's autocast.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 with torch >= 2.4.
    Goes when: the wrapper asks autocast, not the device.
    """
    if get_device() != 'cpu':
        return
    mmengine_amp.is_cuda_available = lambda: True  # asked for nothing but the assertion
    mmengine_amp.GradScaler = functools.partial(torch.amp.GradScaler, 'cpu')
