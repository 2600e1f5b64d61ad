"""Binary cross-entropy and its relatives: nothing but weights and mixtures of the log loss."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import Tensor

from .base import MultiLabelLoss
from .functional import check_range
from .kernels import Kernel, splc_kernel
from .terms import log_loss


class BCE(MultiLabelLoss):
    r"""Binary cross-entropy; on positive-only data, where all unmarked is 0, "assume negative" (AN).

    :math:`-\log p` for a positive and :math:`-\log(1 - p)` for a negative.

    Args:
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Source: the baseline of arXiv 2112.07368.
    """

    def kernel(self) -> Kernel:
        return partial(splc_kernel, above=None, margin=0, gamma=0)

    def positive(self, logits: Tensor) -> Tensor:
        return log_loss(logits)

    def negative(self, logits: Tensor) -> Tensor:
        return log_loss(-logits)


class Ignore(BCE):
    """Binary cross-entropy over the known entries alone ("ignore unobserved", IU).

    It needs known negatives, as partially annotated data have: on positive-only data, with -1 for all
    that is unmarked, nothing keeps a network from finding everything everywhere.

    Args:
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`, less ``unknown``.

    Source: arXiv 1902.09720 and 2106.09708, ignoring unobserved labels.
    """

    UNKNOWN = ('ignore',)


class WAN(BCE):
    r"""Weak assume negative: a negative weighs 1 / (C - 1), so that all of them weigh one positive.

    Args:
        neg_weight: Factor on negatives, >= 0, in place of 1 / (C - 1).
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: ``neg_weight`` is negative.

    Source: arXiv 2106.09708 (WAN).
    """

    def __init__(self, neg_weight: float | None = None, **common: Any) -> None:
        super().__init__(**common)
        if neg_weight is not None:
            check_range('neg_weight', neg_weight, low=0)
        self.neg_weight = neg_weight

    def negative(self, logits: Tensor) -> Tensor:
        weight = self.neg_weight
        if weight is None:
            weight = 1 / max(logits.size(1) - 1, 1)
        return weight * super().negative(logits)


class ANLS(BCE):
    r"""Assume negative with label smoothing (AN-LS).

    :math:`-(1 - \epsilon) \log p - \epsilon \log(1 - p)` for a positive, mirrored for a negative.

    Args:
        epsilon: Share of the other side, in [0, 1].
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: ``epsilon`` lies outside [0, 1].

    Source: arXiv 2106.09708 (AN-LS).
    """

    def __init__(self, epsilon: float = 0.1, **common: Any) -> None:
        super().__init__(**common)
        check_range('epsilon', epsilon, low=0, high=1)
        self.epsilon = epsilon

    def positive(self, logits: Tensor) -> Tensor:
        return (1 - self.epsilon) * log_loss(logits) + self.epsilon * log_loss(-logits)

    def negative(self, logits: Tensor) -> Tensor:
        return self.positive(-logits)
