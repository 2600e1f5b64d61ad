from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from ..losses.functional import confident
from ..losses.protocols import saturation_of
from .loss_calls import listen

TIMES, FLOOR = 4, 0.02  # of the density of the marked labels; of all entries: docs/safe_start.md
REST = 0.5  # of what is not marked, where much is


class CollapseWatch:
    """Notices, in the first epochs, a model that finds far more classes than are marked.

    Hill and SPLC do not push an unmarked entry down once its probability is high enough
    (``saturation`` of the loss), and SPLC then pushes it up: if most entries get there before the
    model knows better, they stay. Over the last quarter of an epoch's batches the share of known
    entries above that probability is compared with four times the share that is marked, or, where
    many are marked, with all of them and half of the others. The epochs are those from the one before
    corrections start (``change_epoch``) to the one after; 0 to 2 without such a thing.

    It watches the first such loss that it is given; a target above 0 counts as marked. Counting takes
    five small operations a batch, in that quarter, and one synchronisation at its end.
    """

    def __init__(self) -> None:
        self._loss: nn.Module | None = None
        self._handle: Any = None
        self._counts: Tensor | None = None  # above, marked, known
        self._counting = False
        self._warned = False

    def begin(self, losses: Sequence[nn.Module], epoch: int, batches: int) -> None:
        """Starts an epoch (0-based) of so many batches."""
        self.end()
        loss = next((one for one in losses if saturation_of(one) is not None), None)
        start = getattr(loss, 'change_epoch', 1)
        if loss is None or self._warned or not start - 1 <= epoch <= start + 1:
            return
        self._loss = loss
        self._epoch, self._from = epoch, batches - max(batches // 4, 1)
        self._handle = listen(loss, self._count)

    def before_batch(self, index: int) -> None:
        """Says which batch of the epoch comes next."""
        if self._loss is not None and index >= self._from:
            self._counting = True

    def _count(self, loss: nn.Module, pred: Tensor, target: Tensor, context: dict) -> None:
        if not self._counting:
            return
        known = target >= 0
        above = known & confident(pred, loss.saturation)
        found = torch.stack([above.sum(), (target > 0).sum(), known.sum()])
        self._counts = found if self._counts is None else self._counts + found

    def end(self) -> str | None:
        """Ends the epoch; says what is wrong, once in a training. All processes must call it."""
        loss, counts = self._loss, self._counts
        if loss is None:
            return None
        self._handle.remove()
        self._loss = self._counts = None
        self._counting = False
        if counts is None:
            return None
        all_reduce(counts)
        above, marked, known = counts.tolist()
        many = min(TIMES * marked, marked + REST * (known - marked))
        if above <= max(many, FLOOR * known):
            return None
        self._warned = True
        return _message(loss, self._epoch, above / known, marked / known)


def _message(loss: nn.Module, epoch: int, share: float, density: float) -> str:
    name, corrects = type(loss).__name__, hasattr(loss, 'change_epoch')
    fate = 'trains as present from now on' if corrects else 'hardly pushes down any more'
    later = (
        f', or corrections that start later (change_epoch={loss.change_epoch})' if corrects else ''
    )
    return (
        f'the model may be collapsing: at the end of epoch {epoch + 1} {share:.1%} of the entries '
        f'have a probability above {loss.saturation:.2f}, and {density:.1%} are marked. {name} '
        f'{fate} what lies there unmarked, right or wrong, so the score may never recover. Start the '
        "classifier at the frequencies of the labels (custom_hooks with 'mmpretrain_mlml."
        f"LabelPriorHook'), or take a lower learning rate{later}; see docs/safe_start.md"
    )
