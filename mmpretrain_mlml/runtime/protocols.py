"""Protocols by which hooks and runtime tools recognise what another hook of the runner does.

A hook takes part by having the members of a protocol; it need not inherit anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn


@runtime_checkable
class AveragesWeights(Protocol):
    """A hook that keeps an average of the model's weights, such as MMEngine's ``EMAHook``.

    Attributes:
        ema_model: The average, an MMEngine ``BaseAveragedModel``; set before training.
    """

    ema_model: nn.Module


@runtime_checkable
class SumsSquares(Protocol):
    """A hook that reads weights after a step and sums their squares, such as ``WeightAverageHook``.

    ``NonFiniteHook`` looks at the sums, and reads the other weights itself. What changes a weight
    after it was read shows in the next step.
    """

    def squares_after(self, iteration: int) -> dict[str, Tensor]:
        """Return the sums, (), of weights that were read after a step, by the names of these.

        A sum is not finite if one of its weights is not.

        Args:
            iteration: 0-based iteration; for any but the last that was read, there are no sums.
        """
        ...


@runtime_checkable
class HasProcessState(Protocol):
    """A hook with state that differs between processes inside an epoch.

    ``InterruptionHook`` stores the state of each process in ``interrupted.pth`` and gives it back to
    the same process when the run is resumed. It is found by the class name of the hook.
    """

    def process_state(self) -> dict[str, Any]:
        """Return the state of this process, of types that a checkpoint may hold; may be empty."""
        ...

    def load_process_state(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`process_state` returned; called before training, unless it is empty."""
        ...


@runtime_checkable
class SeedsSamples(Protocol):
    """A data set whose augmentations follow from a seed, the epoch and the sample alone."""

    def seed_samples(self, seed: int, epoch: int) -> None:
        """Set the seed and the 0-based epoch of the next samples, in data workers too."""
        ...


@runtime_checkable
class EndsUpdates(Protocol):
    """A hook that ends the last optimiser update of an epoch with it, such as ``WholeUpdatesHook``.

    Attributes:
        ends_updates_with_epoch: True.
    """

    ends_updates_with_epoch: bool


@runtime_checkable
class ComparesRuns(Protocol):
    """A hook that compares a run that resumes with that of its checkpoint: ``RunIdentityHook``.

    Attributes:
        accept_changes: Whether differences are meant.
    """

    accept_changes: bool
