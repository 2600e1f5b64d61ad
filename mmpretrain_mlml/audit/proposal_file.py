"""``proposals.csv``: proposals with the names of images and classes."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..files import atomic_write
from ..labels import DataError
from .proposals import KINDS

COLUMNS = ('rank', 'image', 'class', 'kind', 'probability', 'label')
LABEL_OF = dict(zip(KINDS, ('-1', '1', '-1'), strict=True))


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


class ProposalRow(NamedTuple):
    """A line of ``proposals.csv``.

    Attributes:
        entry: Image and class name.
        kind: Kind of the proposal.
        probability: Probability of presence.
    """

    entry: tuple[str, str]
    kind: str
    probability: float


def read_proposals(path: str | os.PathLike[str]) -> list[ProposalRow]:
    """Read the proposals that :func:`write_proposals` wrote, in their order.

    Raises:
        DataError: If a line cannot be used; names file and line.
        FileNotFoundError: If there is no such file.
    """
    with Path(path).open(encoding='utf-8', newline='') as file:
        rows = csv.DictReader(file, strict=True)
        found = []
        try:
            for row in rows:
                entry = row['image'], row['class']
                found.append(ProposalRow(entry, row['kind'], float(row['probability'])))
        except (csv.Error, KeyError, TypeError, ValueError) as error:
            where = f'{path}:{rows.line_num}'
            raise DataError(where, repr(error), f'the columns {", ".join(COLUMNS)}') from error
    return found
