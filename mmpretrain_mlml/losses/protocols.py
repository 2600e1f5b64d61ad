"""Protocols by which hooks recognise what a loss needs and what it reports.

A loss takes part by having the members of a protocol; it need not inherit anything. The losses of this
package and :class:`~mmpretrain_mlml.losses.MultiLabelLoss` follow them.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from .sample_memory import SampleMemory


@runtime_checkable
class NeedsEpoch(Protocol):
    """A module whose behaviour depends on the epoch; set by ``LossEpochHook``.

    ``max_epochs`` may be left out of the signature.
    """

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Set the 0-based epoch of the next calls, and the number of epochs of the training."""


@runtime_checkable
class NeedsSamples(Protocol):
    """A loss that keeps something for each training sample; set by ``LossDataHook``."""

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Set the sample indices of the next batch, (N,), each in [0, total)."""


@runtime_checkable
class NeedsClassPrior(Protocol):
    """A loss that uses the frequency of each class; set by ``LossDataHook``."""

    def set_class_prior(self, prior: Tensor | Sequence[float]) -> None:
        """Set the share of images that show each class, (C,), in [0, 1]."""


@runtime_checkable
class NeedsPositives(Protocol):
    """A loss whose state starts from the observed positives of the training set.

    Set by ``LossDataHook`` before a training that is not resumed.
    """

    def set_positives(self, samples: Tensor, classes: Tensor) -> None:
        """Set the observed positives: M sample indices and M classes, (M,) each."""


@runtime_checkable
class HasMemory(Protocol):
    """A loss with a memory of samples, which ``LossDataHook`` saves in checkpoints."""

    memory: SampleMemory


@runtime_checkable
class ReportsRecovery(Protocol):
    """A loss that reports which unobserved entries it treats as missing labels.

    Read by ``LabelRecoveryHook`` after each call of the loss, with the arguments of that call.
    """

    def unobserved(self, target: Tensor) -> Tensor:
        """Return the entries that count as unobserved or absent, (N, C), bool."""
        ...

    def recovered(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor | None:
        """Return the unobserved entries not trained as absent, (N, C), bool; None if it has none."""
        ...


@runtime_checkable
class Saturates(Protocol):
    """A loss that stops pushing confident unobserved entries down; ``LossEpochHook`` watches it."""

    @property
    def saturation(self) -> float | None:
        """Probability above which unobserved entries are no longer pushed down; None if never."""
        ...


def set_epoch(module: nn.Module, epoch: int, max_epochs: int | None = None) -> None:
    """Call ``module.set_epoch`` if there is one, with ``max_epochs`` if it takes it.

    Args:
        module: Any module; nothing happens unless it follows :class:`NeedsEpoch`.
        epoch: 0-based epoch.
        max_epochs: Number of epochs of the training.
    """
    method = getattr(module, 'set_epoch', None)  # not isinstance: sees through compiled wrappers
    if callable(method):
        takes_length = 'max_epochs' in inspect.signature(method).parameters
        method(epoch, **({'max_epochs': max_epochs} if takes_length else {}))


def memory_of(module: nn.Module) -> SampleMemory | None:
    """Return the module's memory of samples, or None if it has none."""
    memory = getattr(module, 'memory', None)
    return memory if isinstance(memory, SampleMemory) else None


def saturation_of(module: nn.Module) -> float | None:
    """Return the probability at which a loss saturates, or None for any other module."""
    return module.saturation if isinstance(module, Saturates) else None
