"""What the training labels say to a loss."""

from __future__ import annotations

from typing import Any

import torch

from ..datasets.statistics import LabelKinds


def label_kinds(counts: LabelKinds, loss: Any) -> dict[str, list[int]]:
    """Return the number of images of each class by what their label says to a loss.

    The kinds are ``present``; ``absent``, verified; ``unobserved``, which the loss may take for a
    missing label: 0, -1 or both, by its ``unknown``; and ``ignored``, without effect.

    Args:
        counts: Numbers by value of the label.
        loss: A loss that follows :class:`~mmpretrain_mlml.losses.protocols.ReportsRecovery`.
    """
    zero, minus = loss.unobserved(torch.tensor([[0.0, -1.0]]))[0].tolist()
    none = 0 * counts.present
    kinds = {
        'present': counts.present,
        'absent': none if zero else counts.absent,
        'unobserved': (counts.absent if zero else none) + (counts.unobserved if minus else none),
        'ignored': none if minus else counts.unobserved,
    }
    return {name: count.tolist() for name, count in kinds.items()}
