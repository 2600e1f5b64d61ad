"""Losses that beyond.py tries: parts of mmpretrain_mlml.losses, put together in other ways.

None of them is part of the package. A loss with ``see(head, x)`` is shown the classifier and the
features before each batch, one with ``look(head, x, labels)`` all of them before each epoch.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmpretrain_mlml import BCE, SPLC, Hill, MultiLabelLoss
from mmpretrain_mlml.losses.expected_positives import excess
from mmpretrain_mlml.losses.functional import confident, logit, prepare
from mmpretrain_mlml.losses.protocols import set_epoch
from mmpretrain_mlml.losses.terms import focal, log_loss, mix, power

Soft = Callable[[Tensor], Tensor]


class TeacherSPLC(SPLC):
    """SPLC that flips where an exponential moving average of the classifier is confident.

    Args:
        tau: As in SPLC.
        decay: Of the average, per batch.
    """

    def __init__(self, tau: float, decay: float) -> None:
        super().__init__(tau)
        self.decay = decay
        self._teacher: nn.Module | None = None
        self._logits: Tensor | None = None

    @torch.no_grad()
    def see(self, head: nn.Module, x: Tensor) -> None:
        if self._teacher is None:
            self._teacher = copy.deepcopy(head)
        for mean, now in zip(self._teacher.parameters(), head.parameters()):
            mean.lerp_(now, 1 - self.decay)
        self._logits = self._teacher(x)

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        return confident(self._logits, self.tau)


class ViewsSPLC(SPLC):
    """SPLC that flips where two views are both confident; a view is dropout of the features.

    Args:
        tau: As in SPLC.
        dropout: Share of features dropped in a view.
    """

    def __init__(self, tau: float, dropout: float) -> None:
        super().__init__(tau)
        self.dropout = dropout
        self._views: list[Tensor] = []

    @torch.no_grad()
    def see(self, head: nn.Module, x: Tensor) -> None:
        self._views = [head(F.dropout(x, self.dropout)) for _ in range(2)]

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        return torch.stack([confident(view, self.tau) for view in self._views]).all(0)


class DensitySPLC(SPLC):
    """SPLC with a tau for each class, such that as many labels are flipped as should be missing.

    Args:
        scale: Share of a class's expected missing labels that lies above its tau.
        keep: Share of the labels that was kept.
    """

    def __init__(self, scale: float, keep: float) -> None:
        super().__init__()
        self.scale = scale
        self.keep = keep
        self._edges: Tensor | None = None

    @torch.no_grad()
    def look(self, head: nn.Module, x: Tensor, labels: Tensor) -> None:
        missing = self.scale * labels.sum(0) * (1 / self.keep - 1)
        ranked = head(x).masked_fill(labels > 0, -math.inf).sort(0, descending=True).values
        self._edges = ranked.gather(0, missing.round().long().clamp(max=len(x) - 1)[None])[0]

    def flips(self, pred: Tensor, target: Tensor) -> Tensor:
        return pred.detach() > self._edges


class CountedSPLC(SPLC):
    """SPLC held to the number of labels an image has in truth, with EPR's penalty on the batch's mean.

    Args:
        tau: As in SPLC.
        expected_positives: Labels an image has in truth, on average.
        strength: Weight of the squared excess of the batch's mean number of positives.
    """

    BY_ENTRY = False

    def __init__(self, tau: float, expected_positives: float, strength: float = 0.0375) -> None:
        super().__init__(tau)
        self.expected_positives = expected_positives
        self.strength = strength

    def kernel(self, epoch: int | None = None) -> None:
        return None

    def elementwise(self, pred: Tensor, target: Tensor, epoch: int | None = None) -> Tensor:
        logits, target = prepare(pred, target)
        share = excess(power(logits, 1), self.expected_positives) * logits.size(1)
        return super().elementwise(logits, target, epoch) + self.strength * share


class HillThenSPLC(nn.Module):
    """Hill until ``change_epoch``, SPLC from there on."""

    def __init__(self, change_epoch: int) -> None:
        super().__init__()
        self.change_epoch = change_epoch
        self.hill, self.splc = Hill(), SPLC(change_epoch=change_epoch)

    def set_epoch(self, epoch: int) -> None:
        set_epoch(self.splc, epoch)
        self.now = self.hill if epoch < self.change_epoch else self.splc

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return self.now(pred, target)


class SoftSPLC(MultiLabelLoss):
    """SPLC's focal terms, mixed by a soft label in place of a flip, from the second epoch on.

    Args:
        soft: Gives the soft label of an unmarked entry from its logit.
        margin: Of marked positives.
        gamma: Of the focal terms; 0 with margin 0 is cross-entropy.
    """

    def __init__(self, soft: Soft, margin: float = 1.0, gamma: float = 2.0) -> None:
        super().__init__()
        self.soft = soft
        self.margin, self.gamma = margin, gamma
        self._on = False

    def set_epoch(self, epoch: int) -> None:
        self._on = epoch >= 1

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        up, down = focal(logits, self.gamma), focal(-logits, self.gamma)
        unmarked = torch.lerp(down, up, self.soft(logits.detach())) if self._on else down
        return mix(focal(logits - self.margin, self.gamma), unmarked, target)


def probability_above(tau: float) -> Soft:
    """The soft label p above tau, 0 below."""
    return lambda x: x.sigmoid() * (x > logit(tau))


def slope_at(tau: float, steepness: float = 4.0) -> Soft:
    """A soft label that climbs from 0 to 1 around tau."""
    return lambda x: (steepness * (x - logit(tau))).sigmoid()


class KeptBCE(BCE):
    """The likelihood of the labels if each was kept with one probability: -log(1 - keep p) unmarked.

    Its gradient is that of cross-entropy on soft labels: an unmarked entry is a missed label with
    probability (1 - keep) p / (1 - keep p).

    Args:
        keep: Share of the labels that was kept, in (0, 1).
    """

    def __init__(self, keep: float) -> None:
        super().__init__()
        self.keep = keep

    def kernel(self) -> None:
        return None

    def negative(self, logits: Tensor) -> Tensor:
        return -torch.logaddexp(-log_loss(-logits), math.log1p(-self.keep) - log_loss(logits))


class NonNegativePU(MultiLabelLoss):
    """Positive-unlabelled risk: a marked label stands for 1 / keep; a class's rest is not below 0.

    Args:
        keep: Share of the labels that was kept, in (0, 1].
    """

    BY_ENTRY = False

    def __init__(self, keep: float) -> None:
        super().__init__()
        self.keep = keep

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        more = 1 / self.keep
        absent = log_loss(-logits) * (1 - more * target)
        return more * target * log_loss(logits) + absent * (absent.detach().sum(0) >= 0)
