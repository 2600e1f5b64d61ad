from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .checks import check_epoch, require_state
from .entropy import EM
from .functional import check_range, prepare
from .sample_memory import SampleMemory
from .terms import log_loss

_NONE = -1.0  # in the table: no pseudo-label, or nothing seen


class APL(EM):
    r"""Entropy maximisation with asymmetric pseudo-labels: what is surely absent becomes a negative.

    From epoch ``warmup`` on, before each epoch, the least probable unmarked entries of the whole
    training set become soft negatives, the same number every time, so that after the last epoch
    ``proportion`` of all unmarked entries would be. Such an entry costs
    :math:`-\beta [(1 - \hat p) \log(1 - p) + \hat p \log p]` with :math:`\hat p` its probability when
    it was chosen. The others cost what :class:`~mmpretrain_mlml.EM` says.

    The pseudo-labels, and the probabilities seen in the last epoch, are tables of all training
    samples, the same in all processes, that :class:`~mmpretrain_mlml.LossDataHook` feeds and saves.

    Args:
        alpha: Weight of the entropy, >= 0.
        beta: Weight of pseudo-labels, >= 0.
        warmup: First 0-based epoch with pseudo-labels, >= 1.
        proportion: Share of the unmarked entries to have one in the end, in [0, 1].
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        ValueError: A hyper-parameter is out of its range.
        RuntimeError: Called without having been told the epoch or the samples of the batch.

    Source: arXiv 2203.16219, asymmetric pseudo-labeling. Probabilities are those of training here.
    """

    BY_ENTRY = False

    def __init__(
        self,
        alpha: float = 0.1,
        beta: float = 0.02,
        warmup: int = 1,
        proportion: float = 0.9,
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
        """Says which of ``total`` training samples the next batch holds, (N,)."""
        self.memory.set_samples(indices, total)

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Says which epoch the next calls belong to, 0-based, and how many there are.

        Raises:
            ValueError: ``max_epochs`` is missing, or the epoch is none of them.
        """
        if max_epochs is None:
            raise ValueError('APL labels over the whole training: expected max_epochs, got None')
        self.epoch = check_epoch('epoch', epoch, max_epochs)
        if epoch >= self.warmup:
            self._choose((epoch - self.warmup + 1) / max(max_epochs - self.warmup, 1))

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        require_state(type(self).__name__, 'epoch', self.epoch)
        logits, target = prepare(pred, target)
        unmarked = target == 0
        pseudo = self.memory.read('pseudo', logits).to(logits)
        seen = torch.where(unmarked, logits.detach().sigmoid(), _NONE)
        if self.training:
            self.memory.write(seen=seen)
        soft = pseudo * log_loss(logits) + (1 - pseudo) * log_loss(-logits)
        chosen = unmarked & (pseudo >= 0)
        return torch.where(chosen, self.beta * soft, super().elementwise(logits, target))

    def _choose(self, progress: float) -> None:
        """Gives pseudo-labels until their share is what it is to be at this point of the training."""
        seen, pseudo = self.memory.get('seen'), self.memory.get('pseudo')
        if seen is None or pseudo is None:
            return
        unmarked, chosen = seen >= 0, pseudo >= 0
        wanted = int(self.proportion * progress * int(unmarked.sum())) - int(chosen.sum())
        free = torch.where(unmarked & ~chosen, seen, torch.inf).flatten()
        if wanted > 0:
            least = free.topk(min(wanted, int(free.isfinite().sum())), largest=False).indices
            pseudo.view(-1)[least] = free[least]
