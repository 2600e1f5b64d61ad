"""Reduction of elementwise losses."""

from __future__ import annotations

from numbers import Real

from torch import Tensor

REDUCTIONS = ('none', 'mean', 'sum')


def reduce_loss(loss: Tensor, reduction: str, avg_factor: float | Tensor | None = None) -> Tensor:
    """Reduce an elementwise loss.

    Args:
        loss: Shape (N, C).
        reduction: ``'none'`` returns (N, C); ``'sum'`` the plain sum, regardless of ``avg_factor``;
            ``'mean'`` the sum over classes and the mean over images.
        avg_factor: Divisor of ``'mean'`` in place of N.

    Raises:
        ValueError: If the reduction is unknown.
    """
    if check_reduction(reduction) == 'none':
        return loss
    return loss.sum() / divisor(reduction, len(loss), avg_factor)


def divisor(reduction: str, images: int, avg_factor: float | Tensor | None) -> float | Tensor:
    """Return the number by which the summed loss of a batch is divided; 1 for an empty batch.

    Raises:
        ValueError: If a number `avg_factor` is not above 0.
    """
    if isinstance(avg_factor, Real) and avg_factor <= 0 and images:
        raise ValueError(f'expected avg_factor to be above 0, got {avg_factor}')
    if reduction != 'mean' or images == 0:
        return 1
    return images if avg_factor is None else avg_factor


def check_reduction(reduction: str) -> str:
    """Return `reduction` unchanged; raise ValueError if it is unknown."""
    if reduction not in REDUCTIONS:
        raise ValueError(f'unknown reduction {reduction!r}; expected one of {REDUCTIONS}')
    return reduction


def weighted(loss: Tensor, class_weight: Tensor | None, weight: Tensor | None) -> Tensor:
    """Multiply a loss, (N, C), by a factor per class, (C,), and one per image or entry."""
    if class_weight is not None:
        loss = loss * class_weight
    return loss if weight is None else loss * per_entry(weight, loss)


def per_entry(weight: Tensor, loss: Tensor) -> Tensor:
    """Return a factor per image, (N,), or per entry, (N, C), so that it multiplies the loss, (N, C).

    Raises:
        ValueError: If it has another shape.
    """
    if weight.shape == loss.shape:
        return weight
    if weight.shape == loss.shape[:1]:
        return weight.unsqueeze(1)
    raise ValueError(
        f'expected weight of shape ({loss.size(0)},) or {tuple(loss.shape)}, '
        f'got {tuple(weight.shape)}'
    )
