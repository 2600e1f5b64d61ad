"""Open Images: image-level labels that people have verified, positive and negative."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from ..bounds import BoundedReader
from ..errors import LabelError
from ..parsed import ParsedTable
from ..table_cache import cached
from ..tables.class_names import name_fault, read_class_list
from ..tables.options import TableOptions
from ..tables.reading import parse_without_cache
from .assembly import check_chosen
from .split_files import choose, require_one

SPLITS = {'train': 'train', 'validation': 'val', 'test': 'test'}
OPTIONS = TableOptions(
    layout='rows',
    columns={'image': 'ImageID', 'tags': 'LabelName', 'value': 'Confidence'},
    values={'present': ('1',), 'absent': ('0',)},
    other_classes='drop',
    image_suffix='.jpg',
    repeated='merge',  # several people have verified one label
)


def parse_open_images(
    root: str | os.PathLike[str],
    split: str = 'train',
    classes: Sequence[str] | None = None,
    cache: bool | None = None,
) -> ParsedTable:
    """Parse the human-verified labels of Open Images and collect all of their problems.

    A label is 1 (verified as present) or 0 (verified as absent). All other entries are unobserved.

    Args:
        root: Folder with ``*classes-trainable.txt``, ``*class-descriptions.csv`` and
            ``*SPLIT*-annotations-human-imagelabels.csv``, of any release.
        split: ``'train'``, ``'validation'`` or ``'test'``.
        classes: Classes to keep, by name or by id (``/m/01g317``), as the table then calls them; None
            for the trainable ones. A name that several classes have is followed by the id.
        cache: Whether labels are kept in a hidden file beside the labels; None for files above 4 MB.

    Raises:
        FileNotFoundError: If a file is missing.
        LabelError: If the class list or the descriptions cannot be used.
        ValueError: If the split or a class is unknown.
    """
    word, root = choose('split', split, SPLITS), Path(root)
    pattern = f'*{word}*-annotations-human-imagelabels.csv'
    path = require_one(root, pattern, 'the labels of Open Images')
    ids, names = open_images_classes(root)
    if classes is not None:
        index = {**dict(zip(names, ids)), **dict(zip(ids, ids))}
        check_chosen(classes, list(index))
        ids, names = tuple(index[name] for name in classes), tuple(classes)

    def parse() -> ParsedTable:
        parsed = parse_without_cache(path, ids, OPTIONS)
        return parsed._replace(table=replace(parsed.table, classes=names))

    return cached(path, ('open images', ids, names, OPTIONS), parse, cache)


def open_images_classes(root: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids and the names of the trainable classes; every name is different.

    Args:
        root: As for :func:`parse_open_images`.
    """
    trainable = require_one(root, '*classes-trainable.txt', 'the trainable classes')
    ids = read_class_list(trainable)
    path = require_one(root, '*class-descriptions.csv', 'the names of the classes', 'boxable')
    described = _descriptions(path)
    missing = [one for one in ids if one not in described]
    if missing:
        raise LabelError(
            str(path), f'no name of {missing[0]!r} of {trainable.name}', 'the name of each class'
        )
    plain = [one if name_fault(described[one]) else described[one] for one in ids]
    frequent = Counter(plain)
    names = [name if frequent[name] == 1 else f'{name} ({one})' for one, name in zip(ids, plain)]
    return ids, tuple(names)


def _descriptions(path: Path) -> dict[str, str]:
    """Return the name of each class by its id. Earlier releases have no names of columns."""
    described = {}
    with TextIOWrapper(BoundedReader(path), encoding='utf-8-sig', newline='') as file:
        try:
            for line, row in enumerate(csv.reader(file, strict=True), start=1):
                if len(row) != 2:
                    raise LabelError(
                        f'{path}:{line}', f'{len(row)} cells', 'id and name of a class'
                    )
                described[row[0].strip()] = row[1].strip()
        except (csv.Error, UnicodeDecodeError) as error:
            raise LabelError(str(path), str(error), 'a table of ids and names') from None
    return described
