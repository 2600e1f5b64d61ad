"""Base of the loss modules: reduction, weights, unknown entries, and the choice of the fast path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..deprecation import Renamed, adopt_overrides
from .arguments import check_unknown, unexpected
from .checks import check_flag, check_targets, learnt, prepare_logits
from .class_weights import KeptFactors, as_weights, fit_weights
from .fused import run
from .one_pass import OnePass, refuse_inherited, sum_in_one_pass
from .reduction import check_reduction, divisor, weighted
from .terms import log_loss, mix
from .three_valued import complete, repair_view, stated


class MultiLabelLoss(nn.Module):
    """Base class: a subclass defines the cost of an entry, this class does the rest.

    A subclass defines :meth:`positive` and :meth:`negative`, the cost of an entry that is present and
    of one that is absent; or, where that is not enough, :meth:`elementwise`. It passes the arguments
    below on as ``**common``.

    A subclass may add :meth:`one_pass`, which computes sum and gradient together. Sum and mean can
    then be differentiated once; for higher derivatives use ``'none'``, or the functions in
    :mod:`~mmpretrain_mlml.losses.functional`. A subclass that changes the formula (any name in
    ``FORMULA``) without a one-pass gradient of its own does not inherit one.

    Args:
        reduction: ``'mean'`` (sum over classes, mean over images), ``'sum'`` or ``'none'``.
        loss_weight: Factor on the result.
        unknown: How entries with target -1 are treated: ``'ignore'``, at no cost; ``'negative'``, as
            if the target were 0; ``'unobserved'``, in losses that repair missing labels, by the
            repair, while a target of 0 is an absence that was verified and costs
            :meth:`verified_absent`.
        class_weight: Factor on the cost of each class, C numbers >= 0.
        pos_weight: Factor on the cost of positives, as in torch's
            ``binary_cross_entropy_with_logits``: one number, or C numbers, >= 0.
        fused: Whether torch.compile generates the kernels that compute the loss, one forward and one
            backward, for a GPU; nothing else changes.

    Raises:
        ValueError: If a value is out of its range.
        TypeError: If the loss has no such argument; names the nearest one.
    """

    UNKNOWN: ClassVar[tuple[str, ...]] = ('ignore', 'negative')
    # Whether an entry's cost depends on its own logit and target alone.
    BY_ENTRY: ClassVar[bool] = True
    # Members that define the cost of an entry; a subclass adds those of its own.
    FORMULA: ClassVar[tuple[str, ...]] = ('elementwise', 'positive', 'negative', 'factor')

    unmarked = Renamed('unobserved')
    lets_go_above = Renamed('saturation')

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        adopt_overrides(cls)
        formula = set().union(*(vars(base).get('FORMULA', ()) for base in cls.__mro__))
        refuse_inherited(cls, MultiLabelLoss.one_pass, formula)
        plain = {'positive', 'verified_absent', 'three_valued', 'factor'}
        refuse_inherited(cls, MultiLabelLoss.one_pass_of_stated, plain)

    def __init__(
        self,
        reduction: str = 'mean',
        loss_weight: float = 1.0,
        unknown: str = 'ignore',
        class_weight: Sequence[float] | None = None,
        pos_weight: float | Sequence[float] | None = None,
        fused: bool = False,
        **unknown_arguments: Any,
    ) -> None:
        if unknown_arguments:
            raise unexpected(type(self), MultiLabelLoss, next(iter(unknown_arguments)))
        super().__init__()
        self.reduction = check_reduction(reduction)
        self.loss_weight = loss_weight
        self.unknown = check_unknown(type(self).__name__, unknown, self.UNKNOWN)
        # Plain tensors, not buffers, which averages of weights and checkpoints would hold.
        self.class_weight = as_weights('class_weight', class_weight)
        self.pos_weight = as_weights('pos_weight', pos_weight)
        self.fused = check_flag('fused', fused)
        self._kept_factors = KeptFactors()

    def positive(self, logits: Tensor) -> Tensor:
        """Return the cost of each entry if it is present, (N, C), from logits in float32 or wider."""
        raise NotImplementedError(f'{type(self).__name__} must define positive(logits)')

    def negative(self, logits: Tensor) -> Tensor:
        """Return the cost of each entry if it is absent or unobserved, (N, C)."""
        raise NotImplementedError(f'{type(self).__name__} must define negative(logits)')

    def verified_absent(self, logits: Tensor) -> Tensor:
        r"""Return the cost of each entry if its absence was verified, (N, C): :math:`-\log(1 - p)`.

        An override must push at any confidence. Used under ``unknown='unobserved'``.
        """
        return log_loss(-logits)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each entry, (N, C), before ``class_weight``.

        Args:
            pred: Logits, (N, C), in float32 or wider.
            target: Shape (N, C), in the dtype of the logits.
        """
        weight = self.factor('pos_weight', pred)
        return mix(self.positive(pred), self.negative(pred), target, weight)

    def three_valued(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        """Return the loss of each entry under ``unknown='unobserved'``, before ``class_weight``.

        Args:
            pred: Logits, (N, C), in float32 or wider.
            target: 1 present, 0 absent and verified, -1 unobserved, (N, C), in the dtype of the
                logits; in between, :meth:`positive` and :meth:`verified_absent` are interpolated.
            **context: Further arguments of the call.
        """
        repaired = self.elementwise(pred, self.treat_unknown(target), **context)
        weight = self.factor('pos_weight', pred)
        plain = mix(self.positive(pred), self.verified_absent(pred), target, weight)
        return torch.where(stated(target), plain, repaired)

    def one_pass(self, *args: Any, **context: Any) -> OnePass | None:
        """Return the function that computes sum and gradient together; None if there is none.

        An override takes the context of the call, as :meth:`elementwise` does.
        """
        return None

    def one_pass_of_stated(self) -> OnePass | None:
        """Return the one pass of verified absences and soft labels, for ``unknown='unobserved'``."""
        return None

    def treat_unknown(self, target: Tensor) -> Tensor:
        """Return the target that :meth:`elementwise` gets, (N, C).

        Unless -1 is ignored, 0 stands in its place; under ``'unobserved'``, -1 for what is `stated`.
        """
        if self.unknown == 'unobserved':
            return repair_view(target)
        return target.clamp(min=0) if self.unknown == 'negative' else target

    def unobserved(self, target: Tensor) -> Tensor:
        """Return the entries that this loss may take for missing labels, (N, C), bool."""
        if self.unknown == 'unobserved':
            return target < 0
        return target <= 0 if self.unknown == 'negative' else target == 0

    def recovered(self, pred: Tensor, target: Tensor) -> Tensor | None:
        """Return the unobserved entries that the loss did not train as absent.

        Takes the arguments of the call that it reports on, which came before it.

        Returns:
            Shape (N, C), bool; None for a loss that recovers nothing, as most do.
        """
        return None

    @property
    def saturation(self) -> float | None:
        """Probability above which unobserved entries are no longer pushed down; None if always pushed.

        Confident mistakes stay there, so :class:`~mmpretrain_mlml.LossEpochHook` watches it.
        """
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
        """Compute the loss.

        Args:
            pred: Logits of shape (N, C).
            target: Shape (N, C): 1 present, 0 absent or unobserved, -1 unknown (see ``unknown``); a
                value between 0 and 1 interpolates between the two.
            weight: Factor per image (N,) or per entry (N, C).
            avg_factor: Divisor of ``'mean'``, N by default; ``'sum'`` and ``'none'`` ignore it.
            reduction_override: Reduction of this call, in place of ``reduction``.
            **context: Further arguments of the loss at hand, such as SPLC's ``epoch``.

        Returns:
            A scalar, or (N, C) for ``'none'``; float32 for half inputs.

        Raises:
            ValueError: If shapes do not fit, the reduction is unknown, avg_factor is not above 0, or a
                target has no meaning (where that can be read for nothing: on the CPU).
        """
        factors = self.class_weight, self.pos_weight
        reduction = self.reduction if reduction_override is None else reduction_override
        divide = divisor(check_reduction(reduction), len(target), avg_factor)
        logits = prepare_logits(pred, target)
        three_valued = self.unknown == 'unobserved'  # then the formula treats the target itself
        given, target = target, target if three_valued else self.treat_unknown(target)
        # One pass gives a sum and its gradient by the logits. The formula serves the rest: losses
        # without such a pass, single entries, factors on them, gradients by anything but the logits.
        one_pass = None
        if reduction != 'none' and weight is None and not learnt(target, *factors):
            one_pass = self.one_pass(**context)
            if three_valued:
                one_pass = complete(one_pass, self.one_pass_of_stated())
        if one_pass is None or three_valued or target is not given or self.fused:
            check_targets(given)  # else the pass checks the targets that it is given
        if one_pass is not None:
            arguments = logits, target, one_pass, self._kept_factors.of(logits, *factors)
            scale = self.loss_weight / divide
            if self.fused:  # another scale would be compiled again
                return scale * run(self, sum_in_one_pass, *arguments)
            return sum_in_one_pass(*arguments, scale)
        loss = run(self, self._formula, logits, target, weight, reduction, **context)
        return self.loss_weight * (loss if reduction == 'none' else loss / divide)

    def _formula(
        self, logits: Tensor, target: Tensor, weight: Tensor | None, reduction: str, **context: Any
    ) -> Tensor:
        compute = self.three_valued if self.unknown == 'unobserved' else self.elementwise
        loss = compute(logits, target.to(logits.dtype), **context)
        loss = weighted(loss, self.factor('class_weight', loss), weight)
        return loss if reduction == 'none' else loss.sum()

    def factor(self, name: str, like: Tensor) -> Tensor | None:
        """Return ``class_weight`` or ``pos_weight`` for logits `like`, (N, C); None if not given.

        Raises:
            ValueError: If it is of another number of classes.
        """
        return fit_weights(name, getattr(self, name), like)

    def check(self, **context: Any) -> None:
        """Raise at once for hyper-parameters that the formula would refuse in the first step."""
        nothing = torch.empty(0, 1 if self.pos_weight is None else len(self.pos_weight))
        self.elementwise(nothing, nothing, **context)

    def extra_repr(self) -> str:
        """Return the hyper-parameters, for the representation of the module."""
        shown = {k: v for k, v in vars(self).items() if not k.startswith('_') and k != 'training'}
        return ', '.join(f'{key}={value!r}' for key, value in shown.items())
