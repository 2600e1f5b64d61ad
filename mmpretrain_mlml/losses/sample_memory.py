"""Memory of samples: what a loss keeps for each training sample."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .checks import check_samples, require_state
from .devices import on_device
from .distributed import gathered


class SampleMemory:
    """Values that a loss keeps for each training sample: columns (samples, C), equal in all processes.

    Not part of the loss's ``state_dict``: averages of weights must not average it, nor weight files
    hold it. :class:`~mmpretrain_mlml.LossDataHook` saves it in checkpoints.

    Args:
        loss: Loss that owns the memory.
        **columns: Initial value of each column, by name.
    """

    def __init__(self, loss: nn.Module, **columns: float | bool) -> None:
        self._owner = type(loss).__name__
        self._initial = columns
        self._columns: dict[str, Tensor] = {}
        self._samples: Tensor | None = None
        self._total = 0

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Set the sample indices of the next batch, (N,).

        Raises:
            ValueError: If an index is outside [0, total).
        """
        self._samples, self._total = check_samples(indices, total), total

    def column(self, name: str, like: Tensor) -> Tensor:
        """Return a whole column, (samples, C), on the device of ``like``, (N, C)."""
        if name not in self._columns:
            size = self._total, like.size(1)
            self._columns[name] = torch.full(size, self._initial[name], device=like.device)
        self._columns[name] = self._columns[name].to(like.device)
        return self._columns[name]

    def get(self, name: str) -> Tensor | None:
        """Return a column to read, or to change equally in all processes; None before first use."""
        return self._columns.get(name)

    def read(self, name: str, like: Tensor) -> Tensor:
        """Return the rows of the batch's samples, (N, C).

        Raises:
            RuntimeError: If the samples were not set.
            ValueError: If their number differs from the batch's.
        """
        samples = on_device(self._batch_samples(like), like.device)
        return self.column(name, like)[samples]

    def write(self, **rows: Tensor) -> None:
        """Write the rows of the batch's samples, (N, C), by column; collective over all processes."""
        for name, value in rows.items():
            samples = gathered(on_device(self._batch_samples(value), value.device))
            column = self.column(name, value)
            column[samples] = gathered(value).to(column.dtype)

    def state(self) -> dict[str, Tensor]:
        """Return the columns, for a checkpoint."""
        return {name: column.cpu() for name, column in self._columns.items()}

    def load(self, state: dict[str, Tensor]) -> None:
        """Restore what :meth:`state` returned.

        Raises:
            ValueError: If it has other columns.
        """
        if not set(state) <= set(self._initial):
            raise ValueError(
                f'the memory of {self._owner} has the columns {sorted(self._initial)}, '
                f'got {sorted(state)}'
            )
        self._columns = {name: column.clone() for name, column in state.items()}

    def _batch_samples(self, like: Tensor) -> Tensor:
        samples = require_state(self._owner, 'samples', self._samples)
        if len(samples) != len(like):
            raise ValueError(
                f'{self._owner} expected a batch of {len(samples)} samples, as set_samples said, '
                f'got {len(like)}'
            )
        return samples
