from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import nn

NARROWEST = 16


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keeps the weights of convolutions with the channels last in memory.

    So do their outputs then, which mixed precision wants on GPUs and every precision on CPUs. The
    weights' values, shapes and names stay what they are, and so does what a checkpoint holds.

    Raises:
        ValueError: Before training on a CPU, a convolution gives fewer than 16 channels: there torch
            2.15 was seen to write beyond its memory, and the process to die of it.
    """

    def before_run(self, runner: Runner) -> None:
        if next(runner.model.parameters()).device.type == 'cpu':
            for name, module in runner.model.named_modules():
                if isinstance(module, nn.Conv2d) and module.out_channels < NARROWEST:
                    raise ValueError(
                        f'{name} gives {module.out_channels} channels: on a CPU torch may crash on '
                        f'fewer than {NARROWEST} with the channels last; train without '
                        'ChannelsLastHook'
                    )
        runner.model.to(memory_format=torch.channels_last)
