"""What every multi-label loss module shares: weights, reduction, unknown entries, what it is told."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from numbers import Real
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from ..deprecation import warn_renamed
from .functional import check_reduction, prepare, reduce_loss
from .kernels import Kernel, summed
from .terms import mix


def defaults_of(function: Callable) -> SimpleNamespace:
    """The default values in a function's signature, so that a module need not repeat them.

    >>> from mmpretrain_mlml.losses.functional import hill_loss
    >>> defaults_of(hill_loss).lamb
    1.5
    """
    parameters = inspect.signature(function).parameters.values()
    return SimpleNamespace(
        **{p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
    )


def build_loss(loss: nn.Module | dict) -> nn.Module:
    """A loss module as it is, or built from its config, which takes MMPretrain.

    Raises:
        ImportError: A config was given and MMPretrain is not installed.
    """
    if isinstance(loss, nn.Module):
        return loss
    from mmpretrain.registry import MODELS

    return MODELS.build(loss)


class MultiLabelLoss(nn.Module):
    """Base of the losses: a subclass says what an entry costs, this class does the rest.

    A subclass defines :meth:`positive` and :meth:`negative`, the cost of an entry that is present and
    of one that is not; or, where that is not enough, :meth:`elementwise`. It takes the arguments
    below as ``**common``.

    Sum and mean can be differentiated once where a subclass has a :meth:`kernel`; for more take
    ``'none'``, or the functions in :mod:`~mmpretrain_mlml.losses.functional`.

    Args:
        reduction: ``'mean'`` (sum over classes, mean over images), ``'sum'`` or ``'none'``.
        loss_weight: Factor on the result.
        unknown: What an entry of target -1 is: ``'ignore'``, it costs nothing, or ``'negative'``, it
            is treated as one of target 0.
        class_weight: Factor on the cost of each class, C numbers >= 0.
        pos_weight: Factor on the cost of positives, as in torch's
            ``binary_cross_entropy_with_logits``: one number, or C numbers, >= 0.

    Raises:
        ValueError: A value is out of its range.
    """

    UNKNOWN = ('ignore', 'negative')
    BY_ENTRY = True  # whether an entry's cost follows from its own logit and target alone

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for old, new in (('unmarked', 'unobserved'), ('lets_go_above', 'saturation')):
            if old in vars(cls) and new not in vars(cls):
                warn_renamed(f'{cls.__name__}.{old}', new)
                setattr(cls, new, vars(cls)[old])

    @property
    def lets_go_above(self) -> float | None:
        """Deprecated name of :attr:`saturation`."""
        warn_renamed('lets_go_above', 'saturation')
        return self.saturation

    def unmarked(self, target: Tensor) -> Tensor:
        """Return :meth:`unobserved`, whose deprecated name this is."""
        warn_renamed('unmarked', 'unobserved')
        return self.unobserved(target)

    @property
    def saturation(self) -> float | None:
        """Probability above which unobserved entries are no longer pushed down, or None.

        Confident mistakes stay there, so :class:`~mmpretrain_mlml.LossEpochHook` watches it.
        """
        return None

    def __init__(
        self,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
        unknown: str = 'ignore',
        class_weight: Sequence[float] | None = None,
        pos_weight: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.loss_weight = loss_weight
        if unknown not in self.UNKNOWN:
            raise ValueError(f'unknown={unknown!r} is none of {self.UNKNOWN}')
        self.unknown = unknown
        self.class_weight = _factors('class_weight', class_weight)
        self.pos_weight = _factors('pos_weight', pos_weight)
        self._has_kernel = _has_kernel(type(self))

    def positive(self, logits: Tensor) -> Tensor:
        """What an entry costs if it is present, (N, C), from logits in float32 or better."""
        raise NotImplementedError(f'{type(self).__name__} must define positive(logits)')

    def negative(self, logits: Tensor) -> Tensor:
        """What an entry costs if it is absent, or merely not marked."""
        raise NotImplementedError(f'{type(self).__name__} must define negative(logits)')

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        """The loss of each entry, (N, C), in float32 or better, before ``class_weight``."""
        logits, target = prepare(pred, target)
        weight = self.factor('pos_weight', logits)
        return mix(self.positive(logits), self.negative(logits), target, weight)

    def unobserved(self, target: Tensor) -> Tensor:
        """Which entries this loss takes for absent or not marked, (N, C), bool."""
        return target <= 0 if self.unknown == 'negative' else target == 0

    def recovered(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor | None:
        """Which unmarked entries the loss did not train as absent when it was called with the same.

        For :class:`~mmpretrain_mlml.LabelRecoveryHook`, which calls it after :meth:`forward`.

        Returns:
            Shape (N, C), bool; None for a loss that recovers nothing, as most do.
        """
        return None

    def kernel(self, **context: Any) -> Kernel | None:
        """What computes sum and gradient in one pass, if the loss has such a thing."""
        return None

    def forward(
        self,
        pred: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | Tensor | None = None,
        reduction_override: str | None = None,
        **context: Any,
    ) -> Tensor:
        """Computes the loss.

        Args:
            pred: Logits of shape (N, C).
            target: Shape (N, C): 1 present, 0 absent or not marked, -1 unknown; a value between 0
                and 1 interpolates between the two.
            weight: Factor per image (N,) or per entry (N, C).
            avg_factor: What ``'mean'`` divides by, N by default. ``'sum'`` and ``'none'`` ignore it.
            reduction_override: Takes the place of ``reduction`` for this call.
            **context: What the loss at hand wants beside, such as SPLC's ``epoch``.

        Returns:
            A scalar, or (N, C) for ``'none'``; float32 for half inputs.

        Raises:
            ValueError: Shapes do not fit, the reduction is unknown, or avg_factor is 0.
        """
        reduction = self.reduction if reduction_override is None else reduction_override
        check_reduction(reduction)
        if self.unknown == 'negative':
            target = target.clamp(min=0)
        weighted = not (weight is self.class_weight is self.pos_weight is None)
        if isinstance(avg_factor, Real) and avg_factor <= 0 and len(pred):
            raise ValueError(f'expected avg_factor to be above 0, got {avg_factor}')
        if not (weighted or target.requires_grad) and reduction != 'none' and self._has_kernel:
            kernel = self.kernel(**context)
            if kernel is not None:
                divisor = 1
                if reduction == 'mean' and len(pred):
                    divisor = len(pred) if avg_factor is None else avg_factor
                logits = prepare(pred, target)[0]
                return summed(logits, target, kernel, self.loss_weight / divisor)
        loss = self.elementwise(pred, target, **context)
        if self.class_weight is not None:
            loss = loss * self.factor('class_weight', loss)
        if weight is not None:
            loss = loss * _per_entry(weight, loss)
        return self.loss_weight * reduce_loss(loss, reduction, avg_factor)

    def factor(self, name: str, like: Tensor) -> Tensor | None:
        """``class_weight`` or ``pos_weight`` as a tensor beside ``like``, (N, C); None for none.

        Raises:
            ValueError: It holds another number of classes.
        """
        value = getattr(self, name)
        if value is None:
            return None
        if len(value) != like.size(1) and (len(value) > 1 or name == 'class_weight'):
            raise ValueError(f'expected {name} of {like.size(1)} classes, got {len(value)}')
        return value.to(like)

    def check(self, **context: Any) -> None:
        """Raises at once for hyper-parameters that the formula would refuse in the first step."""
        nothing = torch.empty(0, 1 if self.pos_weight is None else len(self.pos_weight))
        self.elementwise(nothing, nothing, **context)

    def extra_repr(self) -> str:
        shown = {k: v for k, v in vars(self).items() if not k.startswith('_') and k != 'training'}
        return ', '.join(f'{key}={value!r}' for key, value in shown.items())


def _has_kernel(cls: type) -> bool:
    """Whether the kernel belongs to the formula.

    A subclass that changes the formula alone is not to get the kernel of its parent.
    """

    def depth(name: str) -> int:
        return next((i for i, c in enumerate(cls.__mro__) if name in vars(c)), len(cls.__mro__))

    formula = ('elementwise', 'positive', 'negative', 'flips', 'relabel')
    return depth('kernel') <= min(map(depth, formula))


def _factors(name: str, value: float | Sequence[float] | None) -> Tensor | None:
    """As a tensor, which is no buffer, so that no average of weights and no file holds it."""
    if value is None:
        return None
    factors = torch.atleast_1d(torch.as_tensor(value, dtype=torch.float64))
    if factors.ndim != 1 or not (factors >= 0).all() or not factors.isfinite().all():
        raise ValueError(f'expected {name} to be finite numbers >= 0, got {value!r}')
    return factors


def _per_entry(weight: Tensor, loss: Tensor) -> Tensor:
    if weight.shape == loss.shape:
        return weight
    if weight.shape == loss.shape[:1]:
        return weight.unsqueeze(1)
    raise ValueError(
        f'expected weight of shape ({loss.size(0)},) or {tuple(loss.shape)}, '
        f'got {tuple(weight.shape)}'
    )
