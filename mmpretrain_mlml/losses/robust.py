from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .bce import BCE
from .checks import check_epoch, require_state
from .functional import check_range
from .terms import generalized_cross_entropy


class GR(BCE):
    r"""Generalised robust loss: an unmarked entry is taken for present as far as p says so.

    :math:`-\log p` for a positive. For an unmarked entry, with
    :math:`K = \sigma(w p + b)` and :math:`V = \exp(-(p - \mu)^2 / 2\sigma^2)`, both outside the
    gradient,

    .. math:: V [K (1 - p^{q_2}) / q_2 + (1 - K) (1 - (1 - p)^{q_3}) / q_3]

    K is the chance that it was missed, V lets go of outliers. Their parameters move linearly from
    their first value, in epoch 0, towards their second, which they would reach after the last epoch.

    Args:
        w: First and last slope of K.
        b: First and last offset of K.
        mu: First and last centre of V.
        sigma: First and last width of V, > 0.
        q2: Exponent of the positive term of unmarked entries, in (0, 1].
        q3: Exponent of their negative term, in (0, 1].
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range.
        RuntimeError: Called without having been told the epoch and how many there are.

    Source: generalized robust loss for single positive labels (GR, IJCAI 2024); there the mean over
    images and classes.
    """

    def __init__(
        self,
        w: tuple[float, float] = (0.0, 2.0),
        b: tuple[float, float] = (-2.0, -2.0),
        mu: tuple[float, float] = (0.5, 0.8),
        sigma: tuple[float, float] = (2.0, 0.5),
        q2: float = 0.01,
        q3: float = 1.0,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        for name, value in (('q2', q2), ('q3', q3)):
            check_range(name, value, low=1e-6, high=1)
        check_range('sigma', min(sigma), low=1e-6)
        self.w, self.b, self.mu, self.sigma = w, b, mu, sigma
        self.q2, self.q3 = q2, q3
        self._share: Tensor | None = (
            None  # of the training done; a tensor, for torch.compile's sake
        )

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Says which epoch the next calls belong to, 0-based, and how many there are.

        Raises:
            ValueError: ``max_epochs`` is missing, or the epoch is none of them.
        """
        if max_epochs is None:
            raise ValueError('GR changes over the whole training: expected max_epochs, got None')
        check_epoch('epoch', epoch, max_epochs)
        self._share = torch.tensor(epoch / max_epochs, dtype=torch.float64)

    def negative(self, logits: Tensor) -> Tensor:
        share = require_state(type(self).__name__, 'epoch', self._share).to(logits)
        w, b, mu, sigma = (
            first + (last - first) * share for first, last in (self.w, self.b, self.mu, self.sigma)
        )
        p = logits.detach().sigmoid()
        missed = torch.sigmoid(w * p + b)
        inlier = torch.exp(-((p - mu) ** 2) / (2 * sigma**2))
        present = generalized_cross_entropy(logits, self.q2)
        absent = generalized_cross_entropy(-logits, self.q3)
        return inlier * (missed * present + (1 - missed) * absent)
