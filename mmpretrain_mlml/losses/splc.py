from __future__ import annotations

from numbers import Integral

from torch import Tensor

from .base import MultiLabelLoss, defaults_of
from .functional import splc_loss

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
        reduction: ``'mean'`` (sum over classes, mean over images), ``'sum'`` or ``'none'``.
        loss_weight: Factor on the result.

    Raises:
        ValueError: A hyper-parameter is out of its range.
        RuntimeError: Called without ever having been told the epoch.

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
        self.check(epoch=0)

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Says which epoch the next calls belong to.

        Args:
            epoch: 0-based, counted from the start of training (not of a resumed run).
            max_epochs: Length of the training; not needed here.

        Raises:
            ValueError: The epoch is not a whole number >= 0.
        """
        self.correcting = _check_epoch('epoch', epoch) >= self.change_epoch

    def elementwise(self, pred: Tensor, target: Tensor, epoch: int | None = None) -> Tensor:
        correct = self.correcting
        if epoch is not None:
            correct = _check_epoch('epoch', epoch) >= self.change_epoch
        if correct is None:
            raise RuntimeError(
                'SPLC was never told the epoch, so it cannot know whether to correct labels. Under a '
                "runner put loss_epoch=dict(type='mmpretrain_mlml.LossEpochHook') into default_hooks; "
                'in a loop of your own call set_epoch(epoch) before each epoch or pass epoch=.'
            )
        return splc_loss(pred, target, correct, self.tau, self.margin, self.gamma)


def _check_epoch(name: str, epoch: int) -> int:
    if isinstance(epoch, bool) or not isinstance(epoch, Integral) or epoch < 0:
        raise ValueError(f'expected {name} to be a whole number >= 0, got {epoch!r}')
    return int(epoch)
