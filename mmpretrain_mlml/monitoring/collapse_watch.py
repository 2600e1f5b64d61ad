"""Early warning of a collapsing model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from ..losses.functional import confident
from ..losses.protocols import saturation_of
from .loss_calls import observe_calls

# Why these limits: docs/safe_start.md
DENSITY_FACTOR = 4  # confident entries allowed, as a multiple of the labelled ones
MIN_SHARE = 0.02  # of all entries that may be confident in any case
REST_SHARE = 0.5  # of the entries without a label that may be confident, where labels are dense


class CollapseWatch:
    """Detects, in the first epochs, a model that finds far more classes than are labelled.

    Hill and SPLC no longer push an unobserved entry down once its probability exceeds the
    ``saturation`` of the loss, and SPLC then pushes it up. If most entries exceed it before the model
    has learnt better, they stay there. In the last quarter of an epoch's batches, the share of known
    entries above the saturation is compared with four times the share of labelled entries; where
    labels are dense, with all labelled entries and half of the others. The watch covers the epochs
    from the one before corrections start (``change_epoch`` of the loss) to the one after, or the
    epochs 0 to 2 for a loss without corrections.

    Only the first loss that saturates is observed. A target above 0 counts as labelled; the others
    that count are those that the loss takes for absent or unobserved, without verified absences under
    ``unknown='unobserved'``. The cost is
    five small operations a batch in the last quarter, and one synchronisation at its end.
    """

    def __init__(self) -> None:
        self._loss: Any = None
        self._handle: RemovableHandle | None = None
        self._counts: Tensor | None = None  # entries that are confident, labelled, known
        self._counting = False
        self._warned = False

    def begin(self, modules: Iterable[nn.Module], epoch: int, batches: int) -> None:
        """Begin an epoch.

        Args:
            modules: Modules among which to look for a loss that saturates.
            epoch: 0-based epoch.
            batches: Number of batches in the epoch.
        """
        self.end()
        loss = next((module for module in modules if saturation_of(module) is not None), None)
        start = getattr(loss, 'change_epoch', 1)
        if loss is None or self._warned or abs(epoch - start) > 1:
            return
        self._loss = loss
        self._epoch, self._first_batch = epoch, batches - max(batches // 4, 1)
        self._handle = observe_calls(loss, self._count)

    def before_batch(self, index: int) -> None:
        """Set the 0-based index, in the epoch, of the next batch."""
        if self._loss is not None and index >= self._first_batch:
            self._counting = True

    def _count(self, loss: Any, pred: Tensor, target: Tensor, context: dict[str, Any]) -> None:
        if not self._counting:
            return
        # Verified absences are pushed down at any confidence, so they are not watched.
        unobserved = getattr(loss, 'unobserved', None)
        known = target >= 0 if unobserved is None else (target > 0) | unobserved(target)
        above = known & confident(pred, loss.saturation)
        counts = torch.stack([above.sum(), (target > 0).sum(), known.sum()])
        self._counts = counts if self._counts is None else self._counts + counts

    def end(self) -> str | None:
        """End the epoch; all processes must call it.

        Returns:
            A warning if the model may be collapsing, at most once in a training.
        """
        loss, counts = self._loss, self._counts
        if loss is None:
            return None
        if self._handle is not None:
            self._handle.remove()
        self._loss = self._counts = self._handle = None
        self._counting = False
        if counts is None:
            return None
        all_reduce(counts)
        above, labelled, known = counts.tolist()
        limit = min(DENSITY_FACTOR * labelled, labelled + REST_SHARE * (known - labelled))
        if above <= max(limit, MIN_SHARE * known):
            return None
        self._warned = True
        return _warning(loss, self._epoch, above / known, labelled / known)


def _warning(loss: Any, epoch: int, share: float, density: float) -> str:
    name, advice = type(loss).__name__, 'or lower the learning rate'
    effect = f'{name} hardly pushes unobserved entries above it down any more'
    if hasattr(loss, 'change_epoch'):
        effect = f'{name} trains unobserved entries above it as present from now on'
        advice = (
            'lower the learning rate, or let corrections start later '
            f'(change_epoch={loss.change_epoch})'
        )
    return (
        f'the model may be collapsing: at the end of epoch {epoch + 1} {share:.1%} of the '
        f'entries have a probability above {loss.saturation:.2f}, but {density:.1%} are labelled. '
        f'{effect}, right or wrong, so the score may never recover. Start the classifier at the '
        "label frequencies (custom_hooks with 'mmpretrain_mlml.LabelPriorHook'), "
        f'{advice}; see docs/safe_start.md'
    )
