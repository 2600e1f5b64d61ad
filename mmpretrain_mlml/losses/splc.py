from __future__ import annotations

from functools import partial
from numbers import Integral

import torch
from torch import Tensor, nn

from .base import MultiLabelLoss, build_loss, defaults_of, tell_epoch
from .functional import correct_labels, splc_loss
from .kernels import Kernel, splc_kernel

_DEFAULT = defaults_of(splc_loss)


class SPLC(MultiLabelLoss):
    """Self-paced loss correction: from ``change_epoch`` on, confident negatives become positives.

    See :func:`~mmpretrain_mlml.losses.functional.splc_loss` for the formula. The loss must know the
    epoch: :class:`~mmpretrain_mlml.LossEpochHook` tells it under a runner; in a loop of your own call
    :meth:`set_epoch` before each epoch, or pass ``epoch=`` to :meth:`forward`.

    Args:
        tau: Confidence above which a negative is taken for a missed positive, in [0, 1].
        change_epoch: First 0-based epoch with corrections, >= 0.
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0.
        base: Another loss to put the correction on, in place of the paper's focal margin loss: a
            module with MMPretrain's interface, or its config. It sees the logits and the corrected
            labels and gives the loss of each entry under ``reduction_override='none'``; ``margin``
            and ``gamma`` then have no meaning and must not be given.
        reduction: ``'mean'`` (sum over classes, mean over images), ``'sum'`` or ``'none'``.
        loss_weight: Factor on the result.

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
        reduction: str = 'mean',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(reduction, loss_weight)
        self.tau = tau
        self.change_epoch = _check_epoch('change_epoch', change_epoch)
        self.margin = margin
        self.gamma = gamma
        # Not the epoch but what follows from it: a bool makes torch.compile build two graphs, a
        # number that changes each epoch would make it build one after the other.
        self.correcting: bool | None = None
        self.base: nn.Module | None = None
        self.check(epoch=0)
        if base is not None:
            if (margin, gamma) != (_DEFAULT.margin, _DEFAULT.gamma):
                raise ValueError(
                    f'margin={margin} and gamma={gamma} belong to the focal margin loss, and base '
                    'takes its place; give the base its own hyper-parameters'
                )
            self.base = build_loss(base)

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Says which epoch the next calls belong to.

        Args:
            epoch: 0-based, counted from the start of training (not of a resumed run).
            max_epochs: Length of the training; not needed here.

        Raises:
            ValueError: The epoch is not a whole number >= 0.
        """
        self.correcting = _check_epoch('epoch', epoch) >= self.change_epoch
        if self.base is not None:
            tell_epoch(self.base, epoch, max_epochs)

    def kernel(self, epoch: int | None = None) -> Kernel | None:
        if self.base is not None:
            return None
        return partial(
            splc_kernel,
            correct=self._corrects(epoch),
            tau=self.tau,
            margin=self.margin,
            gamma=self.gamma,
        )

    def elementwise(self, pred: Tensor, target: Tensor, epoch: int | None = None) -> Tensor:
        correct = self._corrects(epoch)
        if self.base is None:
            return splc_loss(pred, target, correct, self.tau, self.margin, self.gamma)
        return self._on_base(pred, correct_labels(pred, target, self.tau) if correct else target)

    def _corrects(self, epoch: int | None) -> bool:
        correct = self.correcting
        if epoch is not None:
            correct = _check_epoch('epoch', epoch) >= self.change_epoch
        if correct is None:
            raise RuntimeError(
                'SPLC was never told the epoch, so it cannot know whether to correct labels. Under a '
                "runner put loss_epoch=dict(type='mmpretrain_mlml.LossEpochHook') into default_hooks; "
                'in a loop of your own call set_epoch(epoch) before each epoch or pass epoch=.'
            )
        return correct

    def _on_base(self, pred: Tensor, target: Tensor) -> Tensor:
        pred = pred.to(torch.promote_types(pred.dtype, torch.float32))
        target = target.to(pred.dtype)
        loss = self.base(pred, target.clamp(min=0), reduction_override='none')
        if loss.shape != pred.shape:
            raise RuntimeError(
                f'SPLC needs a base that gives a loss for each entry, {tuple(pred.shape)}, under '
                f"reduction_override='none'; {type(self.base).__name__} gave {tuple(loss.shape)}"
            )
        return loss * (target >= 0)


def _check_epoch(name: str, epoch: int) -> int:
    if isinstance(epoch, bool) or not isinstance(epoch, Integral) or epoch < 0:
        raise ValueError(f'expected {name} to be a whole number >= 0, got {epoch!r}')
    return int(epoch)
