from __future__ import annotations

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, get_world_size


def on_any_process(flag: bool) -> bool:
    """Whether a flag is up on at least one process; all of them must ask together."""
    if get_world_size() == 1:
        return flag
    raised = torch.tensor(float(flag), device=get_device())
    all_reduce(raised, op='sum')
    return bool(raised)
