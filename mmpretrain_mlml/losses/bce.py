"""Binary cross-entropy."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from .base import MultiLabelLoss
from .focal_margin import focal_margin_one_pass
from .one_pass import OnePass
from .terms import log_loss


class BCE(MultiLabelLoss):
    r"""Binary cross-entropy; on positive-only data, where unobserved is 0, "assume negative" (AN).

    :math:`-\log p` for a positive and :math:`-\log(1 - p)` for a negative.
    It repairs no missing labels, so it has no ``unknown='unobserved'``.

    Args:
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Source: the baseline of arXiv 2112.07368.
    """

    def positive(self, logits: Tensor) -> Tensor:
        return log_loss(logits)

    def negative(self, logits: Tensor) -> Tensor:
        return log_loss(-logits)

    def one_pass(self) -> OnePass | None:
        return partial(
            focal_margin_one_pass, margin=0, gamma=0
        )  # the same at no margin and no focus
