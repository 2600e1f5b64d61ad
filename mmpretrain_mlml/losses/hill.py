from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from .base import MultiLabelLoss, defaults_of
from .functional import hill_loss, prepare
from .kernels import Kernel, hill_kernel

_DEFAULT = defaults_of(hill_loss)


class Hill(MultiLabelLoss):
    """Hill loss: negatives that look like missed positives weigh little.

    See :func:`~mmpretrain_mlml.losses.functional.hill_loss` for the formula.

    Args:
        lamb: Shape of the negative term; 1.5 makes its gradient vanish at p = 1.
        margin: Subtracted from the logits of positives.
        gamma: Focusing exponent of positives, >= 0.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range.

    Source: arXiv 2112.07368, Hill loss.

    >>> import torch
    >>> Hill()(torch.tensor([[0.0, 2.0]]), torch.tensor([[1, 0]]))
    tensor(1.1822)
    """

    def __init__(
        self,
        lamb: float = _DEFAULT.lamb,
        margin: float = _DEFAULT.margin,
        gamma: float = _DEFAULT.gamma,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        self.lamb = lamb
        self.margin = margin
        self.gamma = gamma
        self.check()

    def kernel(self) -> Kernel:
        return partial(hill_kernel, lamb=self.lamb, margin=self.margin, gamma=self.gamma)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        weight = self.factor('pos_weight', logits)
        return hill_loss(logits, target, self.lamb, self.margin, self.gamma, pos_weight=weight)
