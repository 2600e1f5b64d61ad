"""Predicted tags beside an image: right, wrong, missed, or nothing known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from mmpretrain.structures import DataSample

from ..labels import dense_target
from .pictures import Tag


class Kind(NamedTuple):
    """How a tag is drawn: a mark, which tells kinds apart without colours, its colour and meaning."""

    mark: str
    colour: str
    meaning: str

    def tag(self, name: str, score: float) -> Tag:
        """Return a tag of this kind."""
        return Tag(f'{self.mark} {name} {score:.2f}', self.colour)


RIGHT = Kind('\u2713', 'tab:green', 'predicted, labelled')
WRONG = Kind('\u2717', 'tab:red', 'predicted, not labelled')
MISSED = Kind('\u25cb', '0.4', 'labelled, not predicted')
PREDICTED = Kind('\u2022', 'tab:blue', 'predicted')
UNKNOWN = PREDICTED._replace(meaning='predicted, label not known')


def predicted_tags(sample: DataSample, classes: Sequence[str] | None) -> list[Tag]:
    """Return the predicted and the labelled tags of a sample, by descending score.

    Args:
        sample: Sample with ``pred_label``, ``pred_score`` and, if labels are known, ``gt_score`` or
            ``gt_label``.
        classes: Class names; None for indices.
    """
    scores = sample.pred_score.float().cpu().numpy()
    target = _target(sample)
    predicted = set(sample.pred_label.tolist())
    tags = []
    for index in np.argsort(-scores, kind='stable').tolist():
        if index in predicted:
            kind = PREDICTED if target is None else _KINDS[int(target[index])]
        elif target is not None and target[index] == 1:
            kind = MISSED
        else:
            continue
        tags.append(kind.tag(classes[index] if classes else str(index), scores[index]))
    return tags


def legend_of(sample: DataSample) -> dict[str, str]:
    """Return the legend for a sample: the meaning of each colour, with its mark."""
    target = _target(sample)
    kinds = [RIGHT, WRONG, MISSED]
    if target is None:
        kinds = [PREDICTED._replace(meaning='predicted; no labels are known')]
    elif (target < 0).any():
        kinds.append(UNKNOWN)
    return {kind.colour: f'{kind.mark} {kind.meaning}' for kind in kinds}


_KINDS = {1: RIGHT, 0: WRONG, -1: UNKNOWN}


def _target(sample: DataSample) -> np.ndarray | None:
    """Return the labels of a sample, (C,): 1, 0 or -1; None if nothing is known of any class."""
    if 'gt_score' in sample:
        target = sample.gt_score.cpu().numpy()
    elif 'gt_label' in sample:
        target = dense_target(sample.gt_label.cpu().numpy(), len(sample.pred_score))
    else:
        return None
    return None if (target < 0).all() else target.round()
