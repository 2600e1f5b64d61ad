"""Robust loss correction (RLC): SPLC that corrects only what stands out in its class."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .checks import wide_dtype
from .distributed import total
from .splc import SPLC

TAU = 0.7


def rlc_flips(logits: Tensor, tau: float) -> Tensor:
    """Return where the probability is above `tau` and above its class's mean in the batch, bool.

    Args:
        logits: This process's part of the batch, (N, C); the mean is over all processes.
        tau: Confidence above which a negative may be taken for a missing label, in [0, 1].

    Source: the correction rule of the robust loss RLC for single positive labels.
    """
    p = logits.to(wide_dtype(logits)).sigmoid()
    summed = p.sum(0)
    summed, images = total(torch.stack([summed, torch.full_like(summed, len(p))]))
    mean: Tensor = summed / images.clamp(min=1)
    return (p > tau) & (p > mean)


class RLC(SPLC):
    """SPLC that corrects an entry only if it also stands out in its class.

    A negative becomes a positive where its probability is above ``tau`` and above the mean probability
    of its class over the batch, of all processes. Under ``unknown='unobserved'`` entries of -1 alone
    are corrected, as in :class:`SPLC`.

    Args:
        tau: Confidence above which a negative may be taken for a missing label, in [0, 1].
        **kwargs: As for :class:`SPLC`.

    Raises:
        ValueError: If a hyper-parameter is out of its range, or meaningless together with ``base``.
        RuntimeError: If it is called before the epoch was set.

    Source: the correction rule of the robust loss RLC for single positive labels, on SPLC's loss.
    """

    BY_ENTRY = False

    def __init__(self, tau: float = TAU, **kwargs: Any) -> None:
        super().__init__(tau, **kwargs)

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        return rlc_flips(pred.detach(), self.tau)
