from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import nn

from ...runtime.simulation import is_simulated

MIN_CHANNELS = 16


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Stores the weights of convolutions with the channels last in memory.

    Convolutions then return their outputs in this layout, which is faster in mixed precision on GPUs
    and in every precision on CPUs. Values, shapes and names of the weights do not change, and neither
    do checkpoints.

    Raises:
        ValueError: Before training on a CPU, if a convolution has fewer than 16 output channels: torch
            2.15 then wrote out of bounds and crashed the process.
    """

    def before_run(self, runner: Runner) -> None:
        if is_simulated(runner):
            return
        if next(runner.model.parameters()).device.type == 'cpu':
            for name, module in runner.model.named_modules():
                if isinstance(module, nn.Conv2d) and module.out_channels < MIN_CHANNELS:
                    raise ValueError(
                        f'{name} has {module.out_channels} output channels: on a CPU torch may crash '
                        f'with channels last and fewer than {MIN_CHANNELS}; train without '
                        'ChannelsLastHook'
                    )
        runner.model.to(memory_format=torch.channels_last)
