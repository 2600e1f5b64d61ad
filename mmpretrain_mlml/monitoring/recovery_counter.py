"""Counting the unobserved entries that a loss treats as missing labels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from .loss_calls import observe_calls
from .recovery_record import COUNTS


class RecoveryCounter:
    """Counts by class, on the device, what a loss recovers while it trains.

    Attributes:
        loss: The observed loss, or None.
    """

    def __init__(self) -> None:
        self.loss: nn.Module | None = None
        self._handle: RemovableHandle | None = None
        self._reports = True  # until the loss reports None
        self._counts = torch.zeros(0, 0, dtype=torch.int64)
        self._truth: Tensor | None = None

    def start(self, num_classes: int, with_truth: bool, device: torch.device) -> None:
        """Start to count from 0.

        Args:
            num_classes: Number of classes, C.
            with_truth: Whether :meth:`set_truth` will be called before each batch.
            device: Device of the logits.
        """
        rows = len(COUNTS) if with_truth else COUNTS.index('right')
        self._counts = torch.zeros(rows, num_classes, dtype=torch.int64, device=device)

    @property
    def active(self) -> bool:
        """Whether there is a loss that has not said that it recovers nothing."""
        return self.loss is not None and self._reports

    def observe(self, loss: nn.Module | None) -> None:
        """Observe this loss from now on, instead of an earlier one.

        Args:
            loss: A loss that follows :class:`~mmpretrain_mlml.losses.protocols.ReportsRecovery`; None
                to observe nothing.
        """
        if loss is self.loss:
            return
        if self._handle is not None:
            self._handle.remove()
        self.loss, self._reports = loss, True
        self._handle = None if loss is None else observe_calls(loss, self._count)

    def set_truth(self, truth: Tensor) -> None:
        """Set the classes that the images of the next batch truly show, (N, C), bool."""
        self._truth = truth.to(self._counts.device, non_blocking=True)

    def _count(self, loss: Any, pred: Tensor, target: Tensor, context: dict[str, Any]) -> None:
        if not self._reports:
            return
        recovered = loss.recovered(pred, target, **context)
        if recovered is None:
            self._reports = False
            return
        unobserved = loss.unobserved(target)
        entries = [torch.ones_like(unobserved), unobserved, recovered]  # in the order of COUNTS
        if self._truth is not None:
            entries += [recovered & self._truth, unobserved & self._truth]
        self._counts += torch.stack(entries).sum(1)

    def take(self) -> Tensor:
        """Return the counts, (3 or 5, C), with rows as in ``COUNTS``, and start again at 0."""
        counts = self._counts.clone()
        self._counts.zero_()
        return counts

    def state(self) -> Tensor:
        """Return a copy of the counts on the CPU."""
        return self._counts.cpu().clone()

    def load(self, counts: Tensor) -> None:
        """Continue with counts returned by :meth:`state`.

        Raises:
            ValueError: If they were counted with other classes, or with and now without full labels.
        """
        if counts.shape != self._counts.shape:
            raise ValueError(
                f'the checkpoint holds counts of recovered labels of shape {tuple(counts.shape)}, '
                f'expected {tuple(self._counts.shape)}: resume with the same classes and full_labels'
            )
        self._counts.copy_(counts)
