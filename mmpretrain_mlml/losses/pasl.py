"""Partial asymmetric loss (P-ASL) with class-aware selection (CSL)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .base import MultiLabelLoss
from .checks import check_range, require_state
from .devices import on_device
from .distributed import kth_largest, total_count
from .terms import focal

GAMMA_POS, GAMMA_NEG, GAMMA_UNKNOWN = 0.0, 1.0, 4.0
LIKELIHOOD_TOPK, PRIOR_THRESHOLD = 5.0, 0.5


def likely_present(
    logits: Tensor,
    unannotated: Tensor,
    topk: float,
    prior: Tensor | None = None,
    prior_threshold: float = PRIOR_THRESHOLD,
) -> Tensor:
    """Return which unannotated entries are likely to be present, (N, C), bool.

    These are the ``topk`` times N most probable of the batch, of all processes, and all of the classes
    whose prior is above the threshold; other entries are undefined.

    Args:
        logits: This process's part of the batch, (N, C).
        unannotated: Candidates, (N, C), bool.
        topk: Mean number of entries to select per image, >= 0.
        prior: Share of images that show each class, (C,); None selects no class.
        prior_threshold: Share of images above which a class is selected, in [0, 1].

    Source: arXiv 2110.10955, class-aware selective loss.
    """
    likely = torch.zeros_like(unannotated)
    if prior is not None:
        likely |= on_device(prior, logits.device, logits.dtype) > prior_threshold
    k = math.floor(topk * total_count(len(logits), logits))
    if k:
        lowest = torch.finfo(logits.dtype).min
        candidates = logits.masked_fill(~unannotated, lowest)
        likely |= candidates >= kth_largest(candidates.flatten(), k)
    return likely


class PASL(MultiLabelLoss):
    r"""Partial asymmetric loss (P-ASL) with class-aware selection (CSL), for three-valued labels.

    Present, absent and unannotated (-1) entries have focal terms with exponents of their own:
    :math:`-(1 - p)^{\gamma_+} \log p`, :math:`-p^{\gamma_-} \log(1 - p)` and
    :math:`-p^{\gamma_u} \log(1 - p)`. Unannotated entries that are likely to be present cost nothing:
    the ``likelihood_topk`` times N most probable of the batch, of all processes, and all of the
    classes that more than ``prior_threshold`` of the images show.

    The focal weights take no part in the gradient, as in the released code.

    Args:
        gamma_pos: Focusing exponent of positives, >= 0.
        gamma_neg: Focusing exponent of known negatives, >= 0.
        gamma_unknown: Focusing exponent of unannotated entries, >= 0.
        likelihood_topk: Mean number of unannotated entries to leave out per image, >= 0.
        prior_threshold: Share of images above which the unannotated entries of a class are left
            out, in [0, 1]; None leaves none out, and then no class prior is needed.
        unknown: ``'select'`` for the treatment above; ``'negative'`` for all unannotated entries at
            the cost above, without a selection; ``'ignore'`` for none. ``'unobserved'`` is another
            name of ``'select'``: the selection is this loss's repair, and a verified absence, 0, has
            the plain term with ``gamma_neg``.
        detach: Whether the focal weights are excluded from the gradient.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range, or the prior has another number of
            classes.
        RuntimeError: If it is called before the class prior was set, which ``prior_threshold`` needs.

    Source: arXiv 2110.10955, class-aware selective loss.
    """

    BY_ENTRY = False
    UNKNOWN = ('ignore', 'negative', 'select', 'unobserved')

    def __init__(
        self,
        gamma_pos: float = GAMMA_POS,
        gamma_neg: float = GAMMA_NEG,
        gamma_unknown: float = GAMMA_UNKNOWN,
        likelihood_topk: float = LIKELIHOOD_TOPK,
        prior_threshold: float | None = PRIOR_THRESHOLD,
        unknown: str = 'select',
        detach: bool = True,
        **common: Any,
    ) -> None:
        super().__init__(unknown=unknown, **common)
        for name, value in (
            ('gamma_pos', gamma_pos),
            ('gamma_neg', gamma_neg),
            ('gamma_unknown', gamma_unknown),
            ('likelihood_topk', likelihood_topk),
        ):
            check_range(name, value, low=0)
        if prior_threshold is not None:
            check_range('prior_threshold', prior_threshold, low=0, high=1)
        self.gamma_pos = gamma_pos
        self.gamma_neg = gamma_neg
        self.gamma_unknown = gamma_unknown
        self.likelihood_topk = likelihood_topk
        self.prior_threshold = prior_threshold
        self.detach = detach
        self._prior: Tensor | None = None

    def set_class_prior(self, prior: Tensor | Sequence[float]) -> None:
        """Set the share of images that show each class, (C,), in [0, 1], as far as it is known."""
        self._prior = torch.as_tensor(prior, dtype=torch.float64)

    def positive(self, logits: Tensor) -> Tensor:
        return focal(logits, self.gamma_pos, self.detach)

    def negative(self, logits: Tensor) -> Tensor:
        return focal(-logits, self.gamma_neg, self.detach)

    def treat_unknown(self, target: Tensor) -> Tensor:
        """Return the target unchanged: unannotated entries have a term of their own."""
        return target

    def three_valued(self, pred: Tensor, target: Tensor, **context: Any) -> Tensor:
        return self.elementwise(pred, target)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        loss = super().elementwise(pred, target)
        if self.unknown == 'ignore':
            return loss
        charged = unannotated = target < 0
        if self.unknown in ('select', 'unobserved'):
            charged = unannotated & ~self._likely_present(pred.detach(), unannotated)
        return torch.where(charged, focal(-pred, self.gamma_unknown, self.detach), loss)

    def _likely_present(self, logits: Tensor, unannotated: Tensor) -> Tensor:
        if self.prior_threshold is None:
            return likely_present(logits, unannotated, self.likelihood_topk)
        prior = require_state(type(self).__name__, 'class prior', self._prior)
        if len(prior) != logits.size(1):
            raise ValueError(f'expected a prior of {logits.size(1)} classes, got {len(prior)}')
        arguments = self.likelihood_topk, prior, self.prior_threshold
        return likely_present(logits, unannotated, *arguments)
