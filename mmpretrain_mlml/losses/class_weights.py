"""Factors on the cost by class: ``class_weight`` and ``pos_weight``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .checks import wide_dtype
from .devices import on_device


def as_weights(name: str, value: float | Sequence[float] | None) -> Tensor | None:
    """Return weights as a float64 tensor, one-dimensional; None for None.

    Raises:
        ValueError: If they are not finite numbers >= 0.
    """
    if value is None:
        return None
    weights = torch.as_tensor(value, dtype=torch.float64)
    if weights.ndim == 0:
        weights = weights[None]
    if weights.ndim != 1 or not (weights >= 0).all() or not weights.isfinite().all():
        raise ValueError(f'expected {name} to be finite numbers >= 0, got {value!r}')
    return weights


def fit_weights(name: str, weights: Tensor | None, like: Tensor) -> Tensor | None:
    """Return weights on the device and in the dtype of a computation on `like`, (N, C).

    Raises:
        ValueError: If they are of another number of classes.
    """
    if weights is None:
        return None
    if len(weights) != like.size(1) and (len(weights) > 1 or name == 'class_weight'):
        raise ValueError(f'expected {name} of {like.size(1)} classes, got {len(weights)}')
    return on_device(weights, like.device, wide_dtype(like))


class Factors:
    """Factors on the cost of an entry, by class, with what one-pass gradients derive from them.

    Args:
        absent: Factor where an entry is trained as absent, (C,); None for 1.
        present: Factor where an entry is trained as present, (C,); None for 1.

    Attributes:
        root: Square root of `absent`, or None.
    """

    def __init__(self, absent: Tensor | None = None, present: Tensor | None = None) -> None:
        self.absent, self.present = absent, present
        self.root = None if absent is None else absent.sqrt()
        if present is not None:
            self._ends = torch.ones_like(present) if absent is None else absent, present, -present

    def at(self, indices: NDArray[np.int64]) -> Factors:
        """Return the factors of single entries.

        Args:
            indices: Positions of M entries in flattened rows; on the CPU.
        """
        if self.absent is None and self.present is None:
            return self
        absent, present = (
            None if factor is None else torch.from_numpy(factor.numpy()[indices % len(factor)])
            for factor in (self.absent, self.present)
        )
        return Factors(absent, present)

    def between(self, up: Tensor) -> Tensor | None:
        """Return the factor of each entry: `absent` where `up` is 0, `present` where it is 1.

        Args:
            up: Whole rows of C entries, flattened.
        """
        if self.present is None or not up.numel():
            return None
        absent, present, _ = self._ends
        return torch.lerp(absent, present, up.view(-1, present.numel())).view(-1)

    def signed_(self, up: Tensor) -> Tensor:
        """Replace 0 by `absent` and 1 by ``-present`` in `up`, in place."""
        absent, _, opposite = self._ends
        if up.numel():
            rows = up.view(-1, opposite.numel())
            torch.lerp(absent, opposite, rows, out=rows)
        return up


NO_FACTORS = Factors()


class KeptFactors:
    """Factors kept between calls: a conversion in each would be felt, and make a GPU wait."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] | None = None
        self._weights: tuple[Tensor | None, Tensor | None] = None, None  # so that no id is reused
        self._factors = NO_FACTORS

    def __reduce__(self) -> tuple[type[KeptFactors], tuple[()]]:
        return KeptFactors, ()  # a copy starts empty: its weights have other ids

    def of(self, logits: Tensor, class_weight: Tensor | None, pos_weight: Tensor | None) -> Factors:
        """Return the factors of two weights for logits (N, C)."""
        if class_weight is None and pos_weight is None:
            return NO_FACTORS
        weights = class_weight, pos_weight
        if torch.compiler.is_compiling():
            return _new_factors(logits, *weights)
        versions = _version(class_weight), _version(pos_weight)
        key = *versions, logits.dtype, logits.device, logits.size(1)
        if key != self._key:
            self._key, self._weights, self._factors = key, weights, _new_factors(logits, *weights)
        return self._factors


def _version(weight: Tensor | None) -> tuple[int, int] | None:
    if weight is None:
        return None
    return id(weight), 0 if weight.is_inference() else weight._version


def _new_factors(logits: Tensor, class_weight: Tensor | None, pos_weight: Tensor | None) -> Factors:
    absent = fit_weights('class_weight', class_weight, logits)
    pos_weight = fit_weights('pos_weight', pos_weight, logits)
    if pos_weight is None:
        return Factors(absent, absent)
    if absent is None:
        return Factors(None, pos_weight.expand(logits.size(1)))
    return Factors(absent, absent * pos_weight)
