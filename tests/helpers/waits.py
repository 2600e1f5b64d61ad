"""What would make a step wait for a GPU, counted without one."""

import traceback

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Waits(TorchDispatchMode):
    """Notes where a tensor is copied, with a wait, to the ``meta`` device, which stands for a GPU."""

    def __init__(self):
        super().__init__()
        self.places = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        to = torch.device(kwargs.get('device') or 'cpu')
        if func is torch.ops.aten._to_copy.default and args[0].device != to:
            waits = not kwargs.get('non_blocking') and to.type == 'meta'
            if waits:
                frames = traceback.extract_stack()[-8:]
                self.places.append([f'{frame.filename}:{frame.lineno}' for frame in frames])
        return func(*args, **kwargs)
