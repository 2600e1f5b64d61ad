"""``proposals.csv``: proposals with the names of images and classes."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence

import numpy as np

from ..files import atomic_write
from .proposals import KINDS

COLUMNS = ('rank', 'image', 'class', 'kind', 'probability', 'label')
LABEL_OF = dict(zip(KINDS, ('-1', '1'), strict=True))


def write_proposals(
    path: str | os.PathLike[str],
    proposals: np.ndarray,
    names: Sequence[str],
    classes: Sequence[str],
) -> None:
    """Write proposals, one a line: ``rank,image,class,kind,probability,label``.

    Args:
        path: File to write, completely or not at all.
        proposals: From :func:`~mmpretrain_mlml.audit.propose`, (K,).
        names: N image names.
        classes: C class names.

    Raises:
        OSError: If the file cannot be written.
    """
    with atomic_write(path, 'w') as file:
        lines = csv.writer(file, lineterminator='\n')
        lines.writerow(COLUMNS)
        for rank, proposal in enumerate(proposals, 1):
            lines.writerow(
                (
                    rank,
                    names[proposal['image']],
                    classes[proposal['class']],
                    proposal['kind'],
                    f'{proposal["probability"]:.4f}',
                    LABEL_OF[proposal['kind']],
                )
            )
