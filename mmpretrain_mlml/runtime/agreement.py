"""Decisions that all processes take together."""

from __future__ import annotations

from typing import Generic, TypeVar

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor

T = TypeVar('T')


class Agreement(Generic[T]):
    """Whether a flag is true in at least one process, asked once a step.

    On a GPU nobody waits for the answer: it is copied while the device computes, and given in the next
    step. Elsewhere it is given at once.
    """

    def __init__(self) -> None:
        self._asked: tuple[T, Tensor, torch.cuda.Event | None] | None = None

    def ask(self, flag: Tensor | bool, about: T) -> T | None:
        """Ask; all processes must.

        Args:
            flag: The flag of this process; a tensor of one element on any device.
            about: What the question is about, such as the step.

        Returns:
            If a flag was true, what the question was about: this one or, on a GPU, the one before.
        """
        several = get_world_size() > 1
        if isinstance(flag, bool):
            # filled in there: a tensor made of a number would be copied, with a wait
            flag = torch.full((), flag, device=get_device() if several else 'cpu')
        flag = flag.float()
        if several:
            all_reduce(flag, op='sum')
        before = self.answer()
        self._asked = about, *_copied(flag)
        return before if self.is_late(flag) else self.answer()

    @staticmethod
    def is_late(flag: Tensor) -> bool:
        """Return whether the answer would have to be waited for."""
        return flag.is_cuda

    def answer(self) -> T | None:
        """Return what the last question was about if a flag was true, once; wait for it if need be."""
        asked, self._asked = self._asked, None
        if asked is None:
            return None
        about, flag, copied = asked
        if copied is not None:
            copied.synchronize()
        return about if flag.numpy() else None  # no read of a device


def _copied(flag: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
    """Return a flag on the CPU, and the event after which it is there."""
    if not flag.is_cuda:
        return flag, None
    copy = torch.empty(flag.shape, pin_memory=True).copy_(flag, non_blocking=True)
    event = torch.cuda.Event()
    event.record()
    return copy, event
