"""Regularised online label estimation (ROLE)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from .checks import check_samples, require_state
from .devices import on_device
from .epr import EPR, epr_loss
from .terms import log_loss

OBSERVED = 0.995  # estimated label of an observed positive at the start


def taught_loss(
    pupil: Tensor,
    teacher: Tensor,
    target: Tensor,
    expected: float,
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Compute EPR of the pupil plus its cross-entropy given the teacher, whose gradient is stopped.

    Args:
        pupil: Logits, (N, C), in float32 or wider.
        teacher: Logits of the soft labels, (N, C).
        target: Shape (N, C), in the dtype of the logits.
        expected: Expected number of positives of an image.
        pos_weight: Factor on the positive term, (C,) or ().

    Returns:
        Shape (N, C).

    Source: arXiv 2106.09708 (ROLE).
    """
    share = teacher.detach().sigmoid()
    taught = share * log_loss(pupil) + (1 - share) * log_loss(-pupil)
    return epr_loss(pupil, target, expected, pos_weight) + taught * (target >= 0)


class ROLE(EPR):
    r"""Regularised online label estimation: a network and estimated labels that teach each other.

    Every entry of every training sample has a label :math:`\tilde y = \sigma(v)` of its own, learned
    together with the network. Half the loss is the network's: :class:`~mmpretrain_mlml.EPR` of p plus
    the cross-entropy of p given :math:`\tilde y`; the other half is the labels', with the two swapped.

    The labels v are a parameter, (samples, C), trained, averaged, saved and resumed like the others.
    Those of observed positives start at 0.995, the others at 1/2:
    :class:`~mmpretrain_mlml.LossDataHook` sets them, in your own loop :meth:`set_positives`. They need
    a higher learning rate and no weight decay::

        optim_wrapper = dict(
            paramwise_cfg=dict(custom_keys={'loss_module.labels': dict(lr_mult=10, decay_mult=0)})
        )

    Under ``unknown='unobserved'`` entries of -1 have such labels; a verified absence, 0, has none and
    costs :math:`-\log(1 - p)`.

    Args:
        expected_positives: Mean number of true labels of an image, > 0.
        num_samples: Number of training samples.
        num_classes: C.
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`.

    Raises:
        RuntimeError: If it is called before the samples of the batch were set.

    Source: arXiv 2106.09708 (ROLE). In the released code unobserved labels start at random near 1/2,
    and logarithms have 1e-5 added.
    """

    def __init__(
        self, expected_positives: float, num_samples: int, num_classes: int, **common: Any
    ) -> None:
        super().__init__(expected_positives, **common)
        self.labels = nn.Parameter(torch.zeros(num_samples, num_classes))
        self._samples: Tensor | None = None

    def set_positives(self, samples: Tensor, classes: Tensor) -> None:
        """Start the labels of observed positives at 0.995, before training.

        Args:
            samples: Sample index of each positive, (M,).
            classes: Class of each positive, (M,).
        """
        with torch.no_grad():
            self.labels[samples, classes] = math.log(OBSERVED) - math.log1p(-OBSERVED)

    def set_samples(self, indices: Tensor, total: int) -> None:
        """Set the sample indices of the next batch, (N,), each in [0, total).

        Raises:
            ValueError: If there are more samples than labels have rows, or an index is out of range.
        """
        if total > len(self.labels):
            raise ValueError(
                f'ROLE has {len(self.labels)} rows of labels and the training set {total} samples: '
                'set num_samples to the latter'
            )
        self._samples = check_samples(indices, total)

    def elementwise(self, pred: Tensor, target: Tensor) -> Tensor:
        samples = require_state(type(self).__name__, 'samples', self._samples)
        labels = self.labels[on_device(samples, self.labels.device)].to(pred)
        more = self.expected_positives, self.factor('pos_weight', pred)
        of_network = taught_loss(pred, labels, target, *more)
        of_labels = taught_loss(labels, pred, target, *more)
        return (of_network + of_labels) / 2
