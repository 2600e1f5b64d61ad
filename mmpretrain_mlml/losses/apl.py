"""Entropy maximisation with asymmetric pseudo-labels (EM + APL)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .checks import check_epoch, check_range, require_state
from .em import ALPHA, EM
from .sample_memory import SampleMemory
from .terms import log_loss

BETA, WARMUP, PROPORTION = 0.9, 5, 0.9  # published for COCO
_NONE = -1.0  # in the memory: no pseudo-label, or no probability seen


def soft_log_loss(logits: Tensor, label: Tensor) -> Tensor:
    r"""Return :math:`-\hat p \log p - (1 - \hat p) \log(1 - p)` for soft labels :math:`\hat p`.

    Source: arXiv 2203.16219, asymmetric pseudo-labeling.
    """
    return label * log_loss(logits) + (1 - label) * log_loss(-logits)


class APL(EM):
    r"""Entropy maximisation with asymmetric pseudo-labels: surely absent entries become negatives.

    From epoch ``warmup`` on, before each epoch, the least probable unobserved entries of each class
    become soft negatives: of a class with u unobserved entries in the training set
    ``int(proportion * u / (max_epochs - warmup))`` each time. Such an entry costs
    :math:`-\beta [(1 - \hat p) \log(1 - p) + \hat p \log p]` with :math:`\hat p` its probability when
    it was chosen. The others cost the same as in :class:`~mmpretrain_mlml.EM`.
    Under ``unknown='unobserved'`` entries of -1 alone are counted and chosen; a verified absence, 0,
    costs :math:`-\log(1 - p)`.

    The pseudo-labels, and the probabilities seen in the last epoch, are a memory of all training
    samples, equal in all processes, which :class:`~mmpretrain_mlml.LossDataHook` feeds and saves.

    Args:
        alpha: Weight of the entropy, >= 0.
        beta: Weight of pseudo-labels, >= 0.
        warmup: First 0-based epoch with pseudo-labels, >= 1.
        proportion: Share of the unobserved entries of a class with a pseudo-label in the end, in
            [0, 1].
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: If a hyper-parameter is out of its range.
        RuntimeError: If it is called before the epoch or the samples of the batch were set.

    Source: arXiv 2203.16219, asymmetric pseudo-labeling. Probabilities are those of training here.
    """

    BY_ENTRY = False

    def __init__(
        self,
        alpha: float = ALPHA,
        beta: float = BETA,
        warmup: int = WARMUP,
        proportion: float = PROPORTION,
        **common: Any,
    ) -> None:
        super().__init__(alpha, **common)
        check_range('beta', beta, low=0)
        check_range('warmup', warmup, low=1)
        check_range('proportion', proportion, low=0, high=1)
        self.beta = beta
        self.warmup = warmup
        self.proportion = proportion
        self.memory = SampleMemory(self, pseudo=_NONE, seen=_NONE)
        self.epoch: int | None = None

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Set the sample indices of the next batch, (N,), each in [0, total)."""
        self.memory.set_samples(indices, total)

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Set the 0-based epoch of the next calls and the number of epochs; choose pseudo-labels.

        Raises:
            ValueError: If ``max_epochs`` is missing, or the epoch is not below it.
        """
        if max_epochs is None:
            raise ValueError('APL labels over the whole training: expected max_epochs, got None')
        self.epoch = check_epoch('epoch', epoch, max_epochs)
        if epoch >= self.warmup:
            self._choose(epoch - self.warmup + 1, max_epochs - self.warmup)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        require_state(type(self).__name__, 'epoch', self.epoch)
        unobserved = target == 0
        pseudo = self.memory.read('pseudo', pred).to(pred)
        if self.training:
            self.memory.write(seen=torch.where(unobserved, pred.detach().sigmoid(), _NONE))
        soft = self.beta * soft_log_loss(pred, pseudo)
        return torch.where(unobserved & (pseudo >= 0), soft, super().elementwise(pred, target))

    def _choose(self, rounds: int, all_rounds: int) -> None:
        """Choose pseudo-labels until each class has as many as after ``rounds`` of ``all_rounds``."""
        seen, pseudo = self.memory.get('seen'), self.memory.get('pseudo')
        if seen is None or pseudo is None:
            return
        unobserved, chosen = seen >= 0, pseudo >= 0
        each = (self.proportion * unobserved.sum(0).double() / all_rounds).long()  # truncates
        wanted = (each * rounds - chosen.sum(0)).clamp(min=0)
        free = torch.where(unobserved & ~chosen, seen, torch.inf)
        rank = free.argsort(dim=0, stable=True).argsort(dim=0)
        taken = (rank < wanted) & free.isfinite()
        pseudo[taken] = seen[taken]
