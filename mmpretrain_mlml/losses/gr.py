"""Generalised robust loss (GR)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .arguments import REPAIRED
from .bce import BCE
from .checks import check_epoch, check_range, require_state
from .devices import on_device

W, B, MU, SIGMA = (0.0, 2.0), (-2.0, -2.0), (0.5, 0.8), (2.0, 0.5)  # before and after all epochs
Q2, Q3 = 0.01, 1.0


def gr_negative(
    logits: Tensor,
    w: float | Tensor,
    b: float | Tensor,
    mu: float | Tensor,
    sigma: float | Tensor,
    q2: float,
    q3: float,
) -> Tensor:
    r"""Compute GR's cost of an unobserved entry.

    With :math:`K = \sigma(w p + b)` and :math:`V = \exp(-(p - \mu)^2 / 2\sigma^2)`, both excluded from
    the gradient, :math:`V [K (1 - p^{q_2}) / q_2 + (1 - K) (1 - (1 - p)^{q_3}) / q_3]`.

    Source: generalized robust loss for single positive labels (GR, IJCAI 2024).
    """
    p = logits.detach().sigmoid()
    missing = torch.sigmoid(w * p + b)
    inlier = torch.exp(-((p - mu) ** 2) / (2 * sigma**2))
    present = generalized_cross_entropy(logits, q2)
    absent = generalized_cross_entropy(-logits, q3)
    return inlier * (missing * present + (1 - missing) * absent)


def generalized_cross_entropy(logits: Tensor, q: float) -> Tensor:
    r"""Return :math:`(1 - p^q) / q`: :math:`-\log p` for small q, :math:`1 - p` at q = 1."""
    log_power = q * F.logsigmoid(logits)
    # expm1 for the value where the power nears 1; its slope is inexact where the power nears 0
    return torch.where(log_power > -1, -log_power.expm1(), 1 - log_power.exp()) / q


class GR(BCE):
    r"""Generalised robust loss: an unobserved entry counts as present to the degree that p says so.

    :math:`-\log p` for a positive. For an unobserved entry, with
    :math:`K = \sigma(w p + b)` and :math:`V = \exp(-(p - \mu)^2 / 2\sigma^2)`, both excluded from the
    gradient,

    .. math:: V [K (1 - p^{q_2}) / q_2 + (1 - K) (1 - (1 - p)^{q_3}) / q_3]

    K is the probability that the label is missing; V discounts outliers. Their parameters move
    linearly in the epoch from their first to their second value. As in the released code, V is one
    epoch ahead of K: w and b have their first value in epoch 0 and would reach their second after the
    last epoch; mu and sigma reach theirs in the last epoch.
    Under ``unknown='unobserved'`` the mixture is for entries of -1 alone; a verified absence, 0, costs
    :math:`-\log(1 - p)`.

    Args:
        w: First and second slope of K.
        b: First and second offset of K.
        mu: First and second centre of V.
        sigma: First and second width of V, > 0.
        q2: Exponent of the positive term of unobserved entries, in (0, 1].
        q3: Exponent of their negative term, in (0, 1].
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range.
        RuntimeError: If it is called before the epoch and the number of epochs were set.

    Source: generalized robust loss for single positive labels (GR, IJCAI 2024); there the mean over
    images and classes.
    """

    UNKNOWN = REPAIRED

    def __init__(
        self,
        w: tuple[float, float] = W,
        b: tuple[float, float] = B,
        mu: tuple[float, float] = MU,
        sigma: tuple[float, float] = SIGMA,
        q2: float = Q2,
        q3: float = Q3,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        for name, value in (('q2', q2), ('q3', q3)):
            check_range(name, value, low=1e-6, high=1)
        check_range('sigma', min(sigma), low=1e-6)
        self.w, self.b, self.mu, self.sigma = w, b, mu, sigma
        self.q2, self.q3 = q2, q3
        # Shares of the training for K and V; a tensor, as torch.compile would recompile for numbers.
        self._progress: Tensor | None = None

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Set the 0-based epoch of the next calls and the number of epochs.

        Raises:
            ValueError: If ``max_epochs`` is missing, or the epoch is not below it.
        """
        if max_epochs is None:
            raise ValueError('GR changes over the whole training: expected max_epochs, got None')
        check_epoch('epoch', epoch, max_epochs)
        done = [epoch / max_epochs, (epoch + 1) / max_epochs]
        self._progress = torch.tensor(done, dtype=torch.float64)

    def negative(self, logits: Tensor) -> Tensor:
        progress = require_state(type(self).__name__, 'epoch', self._progress)
        of_k, of_v = on_device(progress, logits.device, logits.dtype).unbind()
        w, b, mu, sigma = (
            first + (second - first) * done
            for (first, second), done in (
                (self.w, of_k),
                (self.b, of_k),
                (self.mu, of_v),
                (self.sigma, of_v),
            )
        )
        return gr_negative(logits, w, b, mu, sigma, self.q2, self.q3)
