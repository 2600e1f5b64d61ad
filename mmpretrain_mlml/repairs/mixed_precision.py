from __future__ import annotations

import functools
from inspect import signature
from typing import Any

import mmengine.optim.optimizer.amp_optimizer_wrapper as mmengine_amp
import torch
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper


def allow_bf16_without_gpu() -> None:
    """Let ``AmpOptimWrapper(dtype='bfloat16')`` train on a CPU.

    Symptom: the wrapper asserts that there is a GPU, although the autocast it uses runs in bfloat16 on
    the CPU; and it creates its gradient scaler through ``torch.cuda.amp``, which warns that it is
    deprecated and has no GPU. Other precisions still raise an error on the CPU, which says what to do.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 with torch >= 2.4.
    Goes when: the wrapper leaves the decision to autocast.
    """
    if get_device() != 'cpu':
        return
    mmengine_amp.is_cuda_available = lambda: True  # used by the assertion alone
    mmengine_amp.GradScaler = functools.partial(torch.amp.GradScaler, 'cpu')
    construct = AmpOptimWrapper.__init__

    @functools.wraps(construct)
    def construct_for_bf16(self: AmpOptimWrapper, *args: Any, **kwargs: Any) -> None:
        given = signature(construct).bind(self, *args, **kwargs)
        dtype = given.arguments.get('dtype')
        if dtype not in (None, 'bfloat16', torch.bfloat16):
            raise ValueError(
                f'mixed precision in {dtype} needs a GPU, and there is none; on a CPU use '
                "optim_wrapper.dtype='bfloat16', or the configs without mixed precision"
            )
        given.arguments['dtype'] = 'bfloat16'
        construct(*given.args, **given.kwargs)

    AmpOptimWrapper.__init__ = construct_for_bf16
