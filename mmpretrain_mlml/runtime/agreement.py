"""Decisions that all processes take together."""

from __future__ import annotations

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, get_world_size


def on_any_process(flag: bool) -> bool:
    """Return whether ``flag`` is true in at least one process; all processes must call it."""
    if get_world_size() == 1:
        return flag
    count = torch.tensor(float(flag), device=get_device())
    all_reduce(count, op='sum')
    return bool(count)
