"""Decisions that all processes take together."""

from __future__ import annotations

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor


class Agreement:
    """Whether a flag is true in at least one process, asked once a step.

    On a GPU nobody waits for the answer: it is copied while the device computes, and read in the next
    step. Elsewhere it is there at once.
    """

    def __init__(self) -> None:
        self._answer: Tensor | None = None  # on the CPU
        self._copied: torch.cuda.Event | None = None

    def ask(self, flag: Tensor | bool) -> bool:
        """Ask; all processes must.

        Args:
            flag: The flag of this process; a tensor of one element on any device.

        Returns:
            Whether the answer is there already; otherwise it is to be read in the next step.
        """
        several = get_world_size() > 1
        if isinstance(flag, bool):
            flag = torch.tensor(float(flag), device=get_device() if several else 'cpu')
        flag = flag.float()
        if several:
            all_reduce(flag, op='sum')
        if not self.is_late(flag):
            self._answer = flag
            return True
        self._answer = torch.empty(flag.shape, pin_memory=True).copy_(flag, non_blocking=True)
        self._copied = torch.cuda.Event()
        self._copied.record()
        return False

    @staticmethod
    def is_late(flag: Tensor) -> bool:
        """Return whether to wait for the device would take time."""
        return flag.is_cuda

    def answer(self) -> bool:
        """Return the answer to the last question, once; false if there is none."""
        answer, self._answer = self._answer, None
        if answer is None:
            return False
        if self._copied is not None:
            self._copied.synchronize()
        return bool(answer.numpy() > 0)
