from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from .checks import require_state
from .expected_positives import EPR
from .functional import prepare
from .sample_memory import check_samples
from .terms import log_loss


class ROLE(EPR):
    r"""Regularised online label estimation: a network and a table of labels that teach each other.

    Every entry of every training sample has a label :math:`\tilde y = \sigma(v)` of its own, learned
    beside the network. Half the loss is the network's: :class:`~mmpretrain_mlml.EPR` of p plus the
    cross-entropy of p given :math:`\tilde y`; half is the table's, with the two in each other's place.

    The table v is a parameter, (samples, C), trained, averaged, saved and resumed like the others. It
    wants a higher learning rate and no weight decay::

        optim_wrapper = dict(
            paramwise_cfg=dict(custom_keys={'loss_module.labels': dict(lr_mult=10, decay_mult=0)})
        )

    Args:
        expected_positives: Labels an image has in truth, on average; > 0.
        num_samples: Training samples.
        num_classes: C.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        RuntimeError: Called without having been told the samples of the batch.

    Source: arXiv 2106.09708 (ROLE); labels start at 1/2 here, at random near it there.
    """

    def __init__(
        self, expected_positives: float, num_samples: int, num_classes: int, **common: Any
    ) -> None:
        super().__init__(expected_positives, **common)
        self.labels = nn.Parameter(torch.zeros(num_samples, num_classes))
        self._samples: Tensor | None = None

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Says which of ``total`` training samples the next batch holds, (N,).

        Raises:
            ValueError: There are more samples than the table has rows, or one is none of them.
        """
        if total > len(self.labels):
            raise ValueError(
                f'the table of ROLE has {len(self.labels)} rows and the training set {total} samples: '
                'set num_samples to the latter'
            )
        self._samples = check_samples(indices, total)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        logits, target = prepare(pred, target)
        samples = require_state(type(self).__name__, 'samples', self._samples)
        table = self.labels[samples.to(self.labels.device)].to(logits)
        return (self._given(table, logits, target) + self._given(logits, table, target)) / 2

    def _given(self, teacher: Tensor, pupil: Tensor, target: Tensor) -> Tensor:
        share = teacher.detach().sigmoid()
        taught = share * log_loss(pupil) + (1 - share) * log_loss(-pupil)
        return super().elementwise(pupil, target) + taught * (target >= 0)
