from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from mmpretrain.structures import DataSample
from torch import Tensor


@HOOKS.register_module()
class BatchToDeviceHook(Hook):
    """Copies each training batch to the GPU without waiting for it.

    MMPretrain's preprocessor copies images, labels and scores one after the other, and each time waits
    until the GPU has done all that it was given before: it idles while the next step is prepared. This
    hook copies them beforehand and asynchronously, and the preprocessor finds them on the device.
    Pixels and targets are the same. Images are copied while the GPU computes if the data loader pins
    its memory (``pin_memory=True``, as with ``tools/train.py``). On a CPU the hook does nothing. It
    belongs in ``default_hooks``::

        default_hooks = dict(batch_to_device=dict(type='mmpretrain_mlml.BatchToDeviceHook'))
    """

    priority = 'LOWEST'  # after hooks that read the batch on the CPU

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        device = next(runner.model.parameters()).device
        if not self.is_elsewhere(device) or not isinstance(data_batch, dict):
            return
        inputs, samples = data_batch.get('inputs'), data_batch.get('data_samples')
        if isinstance(inputs, Tensor):
            data_batch['inputs'] = inputs.to(device, non_blocking=True)
        elif isinstance(inputs, list) and all(isinstance(image, Tensor) for image in inputs):
            data_batch['inputs'] = [image.to(device, non_blocking=True) for image in inputs]
        if isinstance(samples, Sequence) and all(isinstance(s, DataSample) for s in samples):
            for name in ('gt_label', 'gt_score'):
                _move([sample for sample in samples if name in sample], name, device)

    @staticmethod
    def is_elsewhere(device: torch.device) -> bool:
        """Return whether a device has a memory of its own."""
        return device.type != 'cpu'


def _move(samples: Sequence[DataSample], name: str, device: torch.device) -> None:
    """Copy a field of samples to a device, all at once."""
    if not samples:
        return
    values = [sample.get(name) for sample in samples]
    moved = torch.cat(values).to(device, non_blocking=True)
    for sample, value in zip(samples, moved.split([len(value) for value in values])):
        sample.set_field(value, name, dtype=torch.Tensor)
