from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .base import defaults_of
from .checks import check_epoch, require_state
from .correction import LabelCorrection
from .distributed import total
from .functional import (
    check_range,
    confident,
    focal_margin_loss,
    logit,
    prepare,
    relabelled,
    splc_loss,
)
from .kernels import Kernel, splc_kernel

_DEFAULT = defaults_of(splc_loss)


class SPLC(LabelCorrection):
    """Self-paced loss correction: from ``change_epoch`` on, confident negatives become positives.

    See :func:`~mmpretrain_mlml.losses.functional.splc_loss` for the formula. The loss must know the
    epoch: :class:`~mmpretrain_mlml.LossEpochHook` tells it under a runner; in a loop of your own call
    :meth:`set_epoch` before each epoch, or pass ``epoch=`` to :meth:`forward`.

    Args:
        tau: Confidence above which a negative is taken for a missed positive, in [0, 1].
        change_epoch: First 0-based epoch with corrections, >= 0.
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0.
        base: Another loss to put the correction on, in place of the paper's focal margin loss, see
            :class:`~mmpretrain_mlml.losses.correction.LabelCorrection`; ``margin`` and ``gamma`` then
            have no meaning and must not be given.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range, or meaningless beside ``base``.
        RuntimeError: Called without ever having been told the epoch, or ``base`` does not give a loss
            for each entry.

    Source: arXiv 2112.07368, self-paced loss correction.

    >>> import torch
    >>> loss, pred, target = SPLC(), torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]])
    >>> loss(pred, target, epoch=0), loss(pred, target, epoch=1)
    (tensor(2.3519), tensor(0.7037))
    """

    def __init__(
        self,
        tau: float = _DEFAULT.tau,
        change_epoch: int = 1,
        margin: float = _DEFAULT.margin,
        gamma: float = _DEFAULT.gamma,
        base: nn.Module | dict | None = None,
        **common: Any,
    ) -> None:
        if base is not None and (margin, gamma) != (_DEFAULT.margin, _DEFAULT.gamma):
            raise ValueError(
                f'margin={margin} and gamma={gamma} belong to the focal margin loss, and base '
                'takes its place; give the base its own hyper-parameters'
            )
        check_range('tau', tau, low=0, high=1)
        check_range('gamma', gamma, low=0)
        super().__init__(base, **common)
        self.tau = tau
        self.change_epoch = check_epoch('change_epoch', change_epoch)
        self.margin = margin
        self.gamma = gamma
        # Not the epoch but what follows from it: a bool makes torch.compile build two graphs, a
        # number that changes each epoch would make it build one after the other.
        self.correcting: bool | None = None

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Says which epoch the next calls belong to.

        Args:
            epoch: 0-based, counted from the start of training (not of a resumed run).
            max_epochs: Length of the training; not needed here.

        Raises:
            ValueError: The epoch is not a whole number >= 0.
        """
        self.correcting = check_epoch('epoch', epoch) >= self.change_epoch
        super().set_epoch(epoch, max_epochs)

    def kernel(self, epoch: int | None = None) -> Kernel | None:
        if self.base is not None:
            return None
        above = logit(self.tau) if self._corrects(epoch) else None
        return partial(splc_kernel, above=above, margin=self.margin, gamma=self.gamma)

    def elementwise(self, pred: Tensor, target: Tensor, epoch: int | None = None) -> Tensor:
        flip = self.flips(pred, target) if self._corrects(epoch) else None
        if self.base is not None:
            return self.on_base(pred, target if flip is None else relabelled(target, flip))
        logits, target = prepare(pred, target)
        weight = self.factor('pos_weight', logits)
        return focal_margin_loss(logits, target, self.margin, self.gamma, flip, weight)

    @property
    def saturation(self) -> float:
        """``tau``."""
        return self.tau

    def recovered(self, pred: Tensor, target: Tensor, epoch: int | None = None) -> Tensor:
        """Unmarked entries that are trained as positives in this epoch, (N, C), bool."""
        unmarked = self.unobserved(target)
        return unmarked & (self.flips(pred, target) if self._corrects(epoch) else False)

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        """Which entries are taken for missed positives where their target is 0, (N, C), bool."""
        return confident(pred.detach(), self.tau)

    def _corrects(self, epoch: int | None) -> bool:
        if epoch is not None:
            return check_epoch('epoch', epoch) >= self.change_epoch
        return require_state(type(self).__name__, 'epoch', self.correcting)


class RLC(SPLC):
    """SPLC that corrects an entry only if it also stands out in its class.

    A negative becomes a positive where its probability lies above ``tau`` and above the mean
    probability of its class over the batch, of all processes.

    Args:
        tau: Confidence above which a negative may be taken for a missed positive, in [0, 1].
        **kwargs: As for :class:`SPLC`.

    Raises:
        ValueError: A hyper-parameter is out of its range, or meaningless beside ``base``.
        RuntimeError: Called without ever having been told the epoch.

    Source: the correction rule of the robust loss RLC for single positive labels, on SPLC's loss.
    """

    BY_ENTRY = False

    def __init__(self, tau: float = 0.7, **kwargs: Any) -> None:
        super().__init__(tau, **kwargs)

    def kernel(self, epoch: int | None = None) -> None:
        return None  # a class's mean is not known inside a block

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        p = pred.detach().to(torch.promote_types(pred.dtype, torch.float32)).sigmoid()
        summed = p.sum(0)
        summed, images = total(torch.stack([summed, torch.full_like(summed, len(p))]))
        return (p > self.tau) & (p > summed / images.clamp(min=1))
