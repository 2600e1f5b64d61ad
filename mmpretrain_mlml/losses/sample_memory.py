from __future__ import annotations

import torch
from torch import Tensor, nn

from .checks import require_state
from .distributed import gathered


class SampleMemory:
    """What a loss remembers of each training sample: columns of (samples, C), the same everywhere.

    No part of the loss's ``state_dict``: an average of weights is not to average it, nor a file of
    weights to hold it. :class:`~mmpretrain_mlml.LossDataHook` puts it into checkpoints.

    Args:
        loss: Whose table it is.
        **columns: By name, what is to stand in a column before anything was written.
    """

    def __init__(self, loss: nn.Module, **columns: float | bool) -> None:
        self._owner = type(loss).__name__
        self._initial = columns
        self._columns: dict[str, Tensor] = {}
        self._samples: Tensor | None = None
        self._total = 0

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Says which of ``total`` samples the next batch holds, (N,).

        Raises:
            ValueError: An index lies outside [0, total).
        """
        self._samples, self._total = check_samples(indices, total), total

    def column(self, name: str, like: Tensor) -> Tensor:
        """All of a column, (samples, C), on the device of ``like``, (N, C)."""
        if name not in self._columns:
            size = self._total, like.size(1)
            self._columns[name] = torch.full(size, self._initial[name], device=like.device)
        self._columns[name] = self._columns[name].to(like.device)
        return self._columns[name]

    def get(self, name: str) -> Tensor | None:
        """A column as it stands, to be read or changed alike in all processes; None before any use."""
        return self._columns.get(name)

    def read(self, name: str, like: Tensor) -> Tensor:
        """The rows of the batch's samples, (N, C).

        Raises:
            RuntimeError: The samples were not told.
            ValueError: Another number of them was told than the batch has.
        """
        samples = self._told(like).to(like.device)
        return self.column(name, like)[samples]

    def write(self, **rows: Tensor) -> None:
        """Puts (N, C) rows of the batch's samples into columns; all processes do so together."""
        for name, value in rows.items():
            samples = gathered(self._told(value).to(value.device))
            column = self.column(name, value)
            column[samples] = gathered(value).to(column.dtype)

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint is to hold."""
        return {name: column.cpu() for name, column in self._columns.items()}

    def load(self, state: dict[str, Tensor]) -> None:
        """Takes up what :meth:`state` gave.

        Raises:
            ValueError: It has other columns.
        """
        if not set(state) <= set(self._initial):
            raise ValueError(
                f'a table of {self._owner} holds {sorted(self._initial)}, got {sorted(state)}'
            )
        self._columns = {name: column.clone() for name, column in state.items()}

    def _told(self, like: Tensor) -> Tensor:
        samples = require_state(self._owner, 'samples', self._samples)
        if len(samples) != len(like):
            raise ValueError(
                f'{self._owner} was told {len(samples)} samples and got a batch of {len(like)}'
            )
        return samples


def check_samples(indices: Tensor, total: int) -> Tensor:
    """Indices of samples as a tensor; raises ValueError for one that is none of ``total``."""
    indices = torch.as_tensor(indices)
    if len(indices) and not 0 <= indices.min() <= indices.max() < total:
        raise ValueError(f'expected samples from 0 to {total - 1}, got {indices.tolist()}')
    return indices
