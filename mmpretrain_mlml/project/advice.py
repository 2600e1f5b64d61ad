"""Which loss suits some labels, and how a validation set is scored."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..labels import LabelTable
from ..labels.label_table import ABSENT
from ..printable import NAME, first_few

LATE = 10  # epoch from which SPLC corrects labels if weights were random
MORE_LABELS = 1.25  # times the labels per image of the training set: a fuller validation set


def scoring(
    training: LabelTable, validation: LabelTable, drawn: bool, assumed: bool
) -> tuple[str, list[str]]:
    """Return what an unlisted entry of the validation table counts as, and warnings.

    Args:
        training: Training labels.
        validation: Validation labels.
        drawn: Whether both were drawn from one table.
        assumed: Whether unlisted labels are only assumed to be absent.
    """
    present, absent, _ = validation.counts()
    warnings = []
    if empty := [validation.classes[index] for index in np.flatnonzero(present == 0)]:
        warnings.append(
            f'{len(empty):,} of {len(present):,} classes have no validation image, and are left out '
            f'of mAP: {first_few(empty, width=NAME)}'
        )
    verified = not validation.has_unobserved or bool(
        validation.has_absent and (absent[present > 0] > 0).all()
    )
    if verified and not assumed:
        return unlisted(validation), warnings
    each, trained = (table.labels_per_image().mean() for table in (validation, training))
    if drawn or each < MORE_LABELS * trained:
        warnings.append(
            f'validation labels look as incomplete as the training labels ({each:.2f} and '
            f'{trained:.2f} labels per image): what is not listed counts as absent, so scores are too '
            'low; label some images fully for --val'
        )
    return 'absent', warnings


def unlisted(table: LabelTable) -> str:
    """Return what an entry is that is not listed once the table is written.

    Args:
        table: Labels.
    """
    return 'absent' if table.fill == ABSENT else 'unobserved'


def choose_loss(
    training: LabelTable, assumed: bool, pretrained: bool
) -> tuple[dict[str, Any], str]:
    """Return the loss for some labels, and why; docs/losses.md has the evidence.

    Args:
        training: Training labels.
        assumed: Whether unlisted labels are only assumed to be absent.
        pretrained: Whether the network starts from pretrained weights.
    """
    if not (training.has_unobserved or assumed):
        return {'type': 'mmpretrain_mlml.BCE'}, (
            'Every entry is labelled, and 0 counts as verified (docs/losses.md)'
        )
    loss: dict[str, Any] = {'type': 'mmpretrain_mlml.SPLC'}
    if not assumed:
        loss['unknown'] = 'unobserved'
    if not pretrained:
        loss['change_epoch'] = LATE
        return loss, 'Labels are incomplete: SPLC, late because weights are random (docs/losses.md)'
    return loss, 'Labels are incomplete: SPLC, or Hill with the same arguments (docs/losses.md)'
