"""Which public data set a folder holds, and its labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..parsed import ParsedTable
from .assembly import with_choice
from .nus_wide import parse_nus_wide
from .open_images import parse_open_images
from .pascal_voc import parse_pascal_voc


class PublicSource(NamedTuple):
    """A public data set.

    Attributes:
        name: Its name.
        is_in: Returns whether a folder holds it.
        read: Returns the labels of a split: ``read(root, classes, keep_unlabelled, split=..., ...)``.
        options: Names of the further options of ``read``.
    """

    name: str
    is_in: Callable[[Path], bool]
    read: Callable[..., ParsedTable]
    options: tuple[str, ...]


def _read_and_choose(
    parse: Callable[..., ParsedTable],
    root: Path,
    classes: Sequence[str] | None,
    keep_unlabelled: bool,
    **options: Any,
) -> ParsedTable:
    return with_choice(parse(root, **options), classes, keep_unlabelled)


def _read_open_images(
    root: Path, classes: Sequence[str] | None, keep_unlabelled: bool, **options: Any
) -> ParsedTable:
    return parse_open_images(root, classes=classes, **options)  # it lists no image without labels


PUBLIC_SETS = (
    PublicSource(
        'Pascal VOC',
        lambda folder: (folder / 'ImageSets/Main').is_dir(),
        partial(_read_and_choose, parse_pascal_voc),
        ('split', 'difficult'),
    ),
    PublicSource(
        'NUS-WIDE',
        lambda folder: (folder / 'Groundtruth/TrainTestLabels').is_dir(),
        partial(_read_and_choose, parse_nus_wide),
        ('split',),
    ),
    PublicSource(
        'Open Images',
        lambda folder: any(folder.glob('*-annotations-human-imagelabels.csv')),
        _read_open_images,
        ('split', 'cache'),
    ),
)


def find_public_set(folder: str | os.PathLike[str]) -> PublicSource | None:
    """Return the public data set that a folder holds; None if it holds none."""
    path = Path(folder)
    return next((one for one in PUBLIC_SETS if path.is_dir() and one.is_in(path)), None)


def read_public_set(
    source: PublicSource,
    root: str | os.PathLike[str],
    classes: Sequence[str] | None = None,
    keep_unlabelled: bool = False,
    **options: Any,
) -> ParsedTable:
    """Parse the labels of a public data set.

    Args:
        source: As :func:`find_public_set` returns it.
        root: Its folder.
        classes: Names of the classes to keep, in any order; None for all.
        keep_unlabelled: Whether images without a label are kept.
        **options: ``split``, and what the data set takes beside it.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an option is unknown, or has an unknown value.
    """
    wrong = [name for name in options if name not in source.options]
    if wrong:
        raise ValueError(
            f'{root} holds {source.name}: {wrong[0]} has no meaning for it; '
            f'it takes {", ".join(source.options)}'
        )
    return source.read(Path(root), classes, keep_unlabelled, **options)
