from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .base import MultiLabelLoss
from .checks import require_state
from .distributed import kth_largest, total
from .functional import check_range, prepare
from .terms import focal, mix


class PASL(MultiLabelLoss):
    r"""Partial asymmetric loss (P-ASL) with class-aware selection (CSL), for three-valued labels.

    Present, absent and unannotated (-1) entries have focal terms with exponents of their own:
    :math:`-(1 - p)^{\gamma_+} \log p`, :math:`-p^{\gamma_-} \log(1 - p)` and
    :math:`-p^{\gamma_u} \log(1 - p)`. Of the unannotated ones those cost nothing that are likely to be
    present: the ``likelihood_topk`` times N most probable of the batch, of all processes, and all of
    the classes that more than ``prior_threshold`` of the images show.

    Args:
        gamma_pos: Focusing exponent of positives, >= 0.
        gamma_neg: Focusing exponent of known negatives, >= 0.
        gamma_unknown: Focusing exponent of unannotated entries, >= 0.
        likelihood_topk: Unannotated entries to leave out, an image, on average; >= 0.
        prior_threshold: Share of images above which a class is left out where it is not annotated, in
            [0, 1]; None leaves none out, and then no class prior is needed.
        unknown: ``'select'``, what is described above; ``'ignore'`` and ``'negative'`` as everywhere.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range, or the prior has another number of classes.
        RuntimeError: Called without having been told the class prior, which ``prior_threshold`` needs.

    Source: arXiv 2110.10955, class-aware selective loss.
    """

    BY_ENTRY = False
    UNKNOWN = ('ignore', 'negative', 'select')

    def __init__(
        self,
        gamma_pos: float = 0.0,
        gamma_neg: float = 1.0,
        gamma_unknown: float = 4.0,
        likelihood_topk: float = 5.0,
        prior_threshold: float | None = 0.5,
        unknown: str = 'select',
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
        self._prior: Tensor | None = None

    def set_class_prior(self, prior: Tensor | Sequence[float]) -> None:
        """Says which share of the images shows each class, (C,), as far as is known."""
        self._prior = torch.as_tensor(prior, dtype=torch.float64)

    def positive(self, logits: Tensor) -> Tensor:
        return focal(logits, self.gamma_pos)

    def negative(self, logits: Tensor) -> Tensor:
        return focal(-logits, self.gamma_neg)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        weight = self.factor('pos_weight', logits)
        loss = mix(self.positive(logits), self.negative(logits), target, weight)
        if self.unknown != 'select':
            return loss
        unannotated = (target < 0) & ~self._likely_present(logits.detach(), target < 0)
        return torch.where(unannotated, focal(-logits, self.gamma_unknown), loss)

    def _likely_present(self, logits: Tensor, unannotated: Tensor) -> Tensor:
        likely = torch.zeros_like(unannotated)
        if self.prior_threshold is not None:
            prior = require_state(type(self).__name__, 'class prior', self._prior)
            if len(prior) != logits.size(1):
                raise ValueError(
                    f'expected a prior of {logits.size(1)} classes, was told {len(prior)}'
                )
            likely |= prior.to(logits) > self.prior_threshold
        images = total(logits.new_tensor(len(logits), dtype=torch.float64))
        k = math.floor(self.likelihood_topk * images.item())
        if k:
            lowest = torch.finfo(logits.dtype).min
            candidates = logits.masked_fill(~unannotated, lowest)
            likely |= candidates >= kth_largest(candidates.flatten(), k)
        return likely
