"""Self-paced loss correction (SPLC)."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from .checks import check_epoch, check_range, prepare, require_state
from .correction import LabelCorrection
from .focal_margin import focal_margin, focal_margin_one_pass
from .one_pass import OnePass
from .reduction import reduce_loss
from .terms import confident, focal, logit
from .three_valued import stated_one_pass

TAU, CHANGE_EPOCH, MARGIN, GAMMA = 0.6, 1, 1.0, 2.0


def splc_loss(
    logits: Tensor,
    target: Tensor,
    correct: bool,
    tau: float = TAU,
    margin: float = MARGIN,
    gamma: float = GAMMA,
    reduction: str = 'none',
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Compute the SPLC loss: confident negatives are trained as positives.

    Focal loss on both sides, :math:`-(1 - p)^\gamma \log p` and :math:`-p^\gamma \log(1 - p)`, with
    the margin subtracted from the logits of positives only. With ``correct``, an entry of target 0
    whose probability is strictly above ``tau`` costs the positive term, without the margin.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see :mod:`mmpretrain_mlml.losses.functional`. It is never modified: a
            correction holds for one call.
        correct: Whether to correct labels (from ``change_epoch`` on).
        tau: Confidence above which a negative is taken for a missing label, in [0, 1].
        margin: Margin subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        pos_weight: Factor on the positive term, labelled or corrected, (C,) or ().

    Raises:
        ValueError: If shapes differ or are not (N, C), gamma is negative, tau is outside [0, 1], or
            the reduction is unknown.

    Source: arXiv 2112.07368, self-paced loss correction (SPLC).

    >>> logits, target = torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]])
    >>> splc_loss(logits, target, correct=False)
    tensor([[0.7019, 1.6501]])
    >>> splc_loss(logits, target, correct=True)
    tensor([[0.7019, 0.0018]])
    """
    check_range('gamma', gamma, low=0)
    check_range('tau', tau, low=0, high=1)
    logits, target = prepare(logits, target)
    flip = confident(logits, tau) if correct else None
    loss = focal_margin(logits, target, margin, gamma, flip, pos_weight)
    return reduce_loss(loss, reduction)


def correct_labels(logits: Tensor, target: Tensor, tau: float = TAU) -> Tensor:
    r"""Apply SPLC's correction alone, for use with any loss: confident negatives become positives.

    Args:
        logits: Shape (N, C).
        target: Shape (N, C), see :mod:`mmpretrain_mlml.losses.functional`; not modified.
        tau: Confidence above which a negative is taken for a missing label, in [0, 1].

    Returns:
        Targets in the dtype of the computation: 1 where the probability is strictly above ``tau`` and
        the entry is known, unchanged elsewhere.

    Raises:
        ValueError: If shapes differ or are not (N, C), or tau is outside [0, 1].

    Source: arXiv 2112.07368, self-paced loss correction (SPLC).

    >>> correct_labels(torch.tensor([[0.0, 2.0, 2.0]]), torch.tensor([[0, 0, -1]]))
    tensor([[ 0.,  1., -1.]])
    """
    check_range('tau', tau, low=0, high=1)
    logits, target = prepare(logits, target)
    return relabelled(target, confident(logits, tau))


def relabelled(target: Tensor, flip: Tensor) -> Tensor:
    """Return the target with 1 where `flip` is true and the entry is known, (N, C)."""
    return torch.where(flip & (target >= 0), 1, target)


class SPLC(LabelCorrection):
    r"""Self-paced loss correction: from ``change_epoch`` on, confident negatives become positives.

    See :func:`~mmpretrain_mlml.losses.functional.splc_loss` for the formula. The loss must know the
    epoch: under a runner :class:`~mmpretrain_mlml.LossEpochHook` sets it; in your own training loop
    call :meth:`set_epoch` before each epoch, or pass ``epoch=`` to :meth:`forward`. Under
    ``unknown='unobserved'`` entries of -1 alone are corrected; a verified absence, 0, always costs
    :math:`-p^\gamma \log(1 - p)`, or what ``base`` makes of a 0.

    Args:
        tau: Confidence above which a negative is taken for a missing label, in [0, 1].
        change_epoch: First 0-based epoch with corrections, >= 0.
        margin: Margin subtracted from the logits of positives.
        gamma: Focusing exponent, >= 0.
        base: Another loss to apply to the corrected labels, in place of the paper's focal margin loss;
            see :class:`~mmpretrain_mlml.losses.correction.LabelCorrection`. ``margin`` and ``gamma``
            then have no meaning and must not be given.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range, or meaningless together with ``base``.
        RuntimeError: If it is called before the epoch was set, or if ``base`` does not return a loss
            for each entry.

    Source: arXiv 2112.07368, self-paced loss correction.

    >>> loss, pred, target = SPLC(), torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]])
    >>> loss(pred, target, epoch=0), loss(pred, target, epoch=1)
    (tensor(2.3519), tensor(0.7037))
    """

    FORMULA = ('flips',)

    def __init__(
        self,
        tau: float = TAU,
        change_epoch: int = CHANGE_EPOCH,
        margin: float = MARGIN,
        gamma: float = GAMMA,
        base: nn.Module | dict[str, Any] | None = None,
        **common: Any,
    ) -> None:
        if base is not None and (margin, gamma) != (MARGIN, GAMMA):
            raise ValueError(
                f'margin={margin} and gamma={gamma} belong to the focal margin loss, which base '
                'replaces; give the base its own hyper-parameters'
            )
        check_range('tau', tau, low=0, high=1)
        check_range('gamma', gamma, low=0)
        super().__init__(base, **common)
        self.tau = tau
        self.change_epoch = check_epoch('change_epoch', change_epoch)
        self.margin = margin
        self.gamma = gamma
        # A bool rather than the epoch: torch.compile then builds two graphs, where a number that
        # changes each epoch would have it build one after the other.
        self.correcting: bool | None = None

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Set the epoch of the next calls.

        Args:
            epoch: 0-based epoch, counted from the start of training (not of a resumed run).
            max_epochs: Length of the training; not used here.

        Raises:
            ValueError: If the epoch is not an integer >= 0.
        """
        self.correcting = check_epoch('epoch', epoch) >= self.change_epoch
        super().set_epoch(epoch, max_epochs)

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        """Return where an entry of target 0 is taken for a missing label, (N, C), bool."""
        return confident(pred.detach(), self.tau)

    def positive(self, logits: Tensor) -> Tensor:
        """Return the cost of each entry if it is present, without a base, (N, C)."""
        return focal(logits - self.margin, self.gamma)

    def verified_absent(self, logits: Tensor) -> Tensor:
        """Return the cost of each entry if its absence was verified, without a base, (N, C)."""
        return focal(-logits, self.gamma)

    def relabel(  # type: ignore[override]
        self, pred: Tensor, target: Tensor, epoch: int | None = None
    ) -> Tensor:
        """Return the labels to train on, (N, C): 1 where a label is corrected in this epoch."""
        if not self._corrects(epoch):
            return target
        return relabelled(target, self.flips(pred, target))

    def elementwise(  # type: ignore[override]
        self, pred: Tensor, target: Tensor, epoch: int | None = None
    ) -> Tensor:
        labels = self.relabel(pred, target, epoch)
        if self.base is not None:
            return self.base_loss(pred, labels)
        flip = None if labels is target else labels != target
        weight = self.factor('pos_weight', pred)
        return focal_margin(pred, target, self.margin, self.gamma, flip, weight)

    def one_pass(self, epoch: int | None = None) -> OnePass | None:
        if self.base is not None:
            return None
        above = logit(self.tau) if self._corrects(epoch) else None
        margin, gamma = self.margin, self.gamma
        return partial(focal_margin_one_pass, margin=margin, gamma=gamma, above=above)

    def one_pass_of_stated(self) -> OnePass:
        gamma = self.gamma
        return partial(stated_one_pass, margin=self.margin, gamma=gamma, absent_gamma=gamma)

    @property
    def saturation(self) -> float:
        """``tau``."""
        return self.tau

    def _corrects(self, epoch: int | None) -> bool:
        if epoch is not None:
            return check_epoch('epoch', epoch) >= self.change_epoch
        return require_state(type(self).__name__, 'epoch', self.correcting)
