"""A look at a table before a project is made of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..labels import LabelTable
from ..printable import NAME, first_few, printable
from .errors import ProjectError

FEW = 10  # images; a class with fewer is hard to learn, and its score is a matter of luck


def missing_images(table: LabelTable, folder: Path) -> np.ndarray:
    """Return the rows of a table whose image file is missing, (M,), int64.

    Each folder is listed once, which is faster than a look-up for each image.

    Args:
        table: Image names, relative to ``folder``.
        folder: Folder of the images.

    Raises:
        ProjectError: If there is no such folder.
    """
    if not folder.is_dir():
        found = 'a file' if folder.exists() else 'nothing'
        raise ProjectError(f'--images {folder}: got {found}; expected the folder of the images')
    listed: dict[str, set[str]] = {}
    missing = []
    for row, name in enumerate(table.names):
        parent, _, file = name.replace('\\', '/').rpartition('/')
        if parent not in listed:
            listed[parent] = _files(folder / parent)
        if file not in listed[parent]:
            missing.append(row)
    return np.array(missing, np.int64)


def describe(table: LabelTable) -> list[str]:
    """Return what a table holds, a line each: images, labels, frequent and rare classes.

    Args:
        table: The table, with at least one image and one class.
    """
    present, absent, unobserved = table.counts()
    each = table.labels_per_image()
    order = np.argsort(-present, kind='stable')
    lines = [
        f'{len(table):,} images, {len(table.classes):,} classes',
        f'labels per image: {each.mean():.2f} on average, {each.min()} to {each.max()}; '
        f'{(each == 0).sum():,} images have none',
        f'entries: {present.sum():,} present, {absent.sum():,} absent (verified), '
        f'{unobserved.sum():,} unobserved',
        f'images per class: median {np.median(present):.0f}; most: '
        + _counted(table, present, order),
    ]
    if len(order) > _SHOWN:
        lines.append('fewest: ' + _counted(table, present, order[::-1]))
    return lines


def doubts(table: LabelTable) -> Iterator[str]:
    """Yield what may spoil a training on a table, a line each; problems of single rows are errors.

    Args:
        table: The table.
    """
    present = table.counts().present
    for fault, chosen in (
        ('have no image: nothing can be learned about them', present == 0),
        ('have one image only, which stays in the training set', present == 1),
        (f'have fewer than {FEW} images', (present > 1) & (present < FEW)),
    ):
        names = [table.classes[index] for index in np.flatnonzero(chosen)]
        if names:
            yield f'{_classes(len(names))} {fault}: {first_few(names, width=NAME)}'.replace(
                'class have', 'class has'
            )
    empty = int((table.labels_per_image() == 0).sum())
    if 2 * empty > len(table):
        yield f'{empty:,} of {len(table):,} images have no label: is a column, or a separator, missed?'


_SHOWN = 5  # classes with their counts


def _counted(table: LabelTable, present: np.ndarray, order: np.ndarray) -> str:
    return ', '.join(
        f'{printable(table.classes[index], NAME)} {present[index]:,}' for index in order[:_SHOWN]
    )


def _classes(number: int) -> str:
    return f'{number:,} class' if number == 1 else f'{number:,} classes'


def _files(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries if not entry.is_dir()}
    except (OSError, ValueError):
        return set()
