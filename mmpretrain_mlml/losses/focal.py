"""Focal loss without class balance: the asymmetric loss with equal exponents and no clip."""

from __future__ import annotations

from typing import Any

from .asl import ASL

GAMMA, DETACH = 2.0, True


class Focal(ASL):
    """Focal loss without class balance: ASL(gamma, gamma, 0).

    Its term is :func:`mmpretrain_mlml.losses.terms.focal`. It repairs no missing labels, so it has no
    ``unknown='unobserved'``.

    Args:
        gamma: Focusing exponent of both sides, >= 0.
        detach: Whether to exclude the focal weights from the gradient.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range.

    Source: arXiv 1708.02002; weights detached as in the trainer released with arXiv 2112.07368.
    """

    def __init__(self, gamma: float = GAMMA, detach: bool = DETACH, **common: Any) -> None:
        super().__init__(gamma, gamma, 0.0, detach, **common)
