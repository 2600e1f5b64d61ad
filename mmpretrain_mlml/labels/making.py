"""Labels from any source, some of its images, and the lists of the photos configs."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .coco import COCO_CLASSES, parse_instances
from .label_table import ABSENT, LabelTable
from .lists import read_label_list, write_label_list
from .protocols import PaperRule
from .public_sets import find_public_set, read_public_set
from .tables import read_class_list, read_tag_table
from .tables.options import UNLISTED

# Word for each protocol in the names of the released lists.
LISTS = {'full': 'full', '0.75left': '0.75left', '0.4left': '0.4left', 'single': 'singlelabel'}


def read_labels(
    source: str | os.PathLike[str],
    classes: Sequence[str] | str | os.PathLike[str] | None = None,
    unlisted: str | None = None,
    keep_unlabelled: bool = False,
    **options: Any,
) -> LabelTable:
    """Read the labels of any source.

    Args:
        source: COCO's ``instances_*.json``, a released list ``.txt`` (``name,ids``), the folder of
            Pascal VOC, NUS-WIDE or Open Images as published, or a table as for
            :func:`read_tag_table`.
        classes: Class names, or the path of a file with one name a line. None for COCO's, of an
            instances file and of a list, or for all names in a table. Of a public data set they may
            be some of its classes.
        unlisted: What an entry is of which the source says nothing, ``'absent'`` or ``'unobserved'``.
            None for absent in an instances file or list, unobserved in a table. A public data set
            says it itself.
        keep_unlabelled: Whether images of an instances file or a public data set without labels are
            kept.
        **options: Fields of :class:`TableOptions`, for a table; ``split`` and others of
            :mod:`~mmpretrain_mlml.labels.public_sets`, for a public data set.

    Raises:
        FileNotFoundError: If there is no such source.
        LabelError: If the source cannot be used; names file and line.
        ValueError: If an option has an unknown value, or the source has no such options.
    """
    path = Path(source)
    if not path.exists():
        raise FileNotFoundError(f'no {path}')
    if isinstance(classes, str | os.PathLike):
        classes = read_class_list(classes)
    if unlisted not in (None, *UNLISTED):
        raise ValueError(f'unlisted={unlisted!r}: expected one of {tuple(UNLISTED)}')
    if public := find_public_set(path):
        if unlisted is not None:
            raise ValueError(f'{path} holds {public.name}, which says what is absent: no unlisted')
        parsed = read_public_set(public, path, classes, keep_unlabelled, **options)
        return parsed.require_no_problems()
    if path.suffix not in ('.json', '.txt') or path.is_dir():
        return read_tag_table(path, classes, unlisted=unlisted or 'unobserved', **options)
    if options:
        raise ValueError(f'{path} is no table of tags: {next(iter(options))} has no meaning for it')
    names = COCO_CLASSES if classes is None else tuple(classes)
    if path.suffix == '.json':
        labels = parse_instances(path, names, keep_unlabelled).require_no_problems()
    else:
        labels = read_label_list(path, len(names))
    fill = ABSENT if unlisted is None else UNLISTED[unlisted]
    table = LabelTable.from_positives(labels.names, labels.labels, names, fill)
    return replace(table, source=str(path), place_prefix=f'{path}: image ')


def draw_images(
    table: LabelTable, number: int | None, seed: int = 0, what: str = 'images'
) -> LabelTable:
    """Draw images at random, and keep their order.

    Args:
        table: Labels.
        number: Number of images, from 1 to that of the table; None for all.
        seed: Seed of the draw.
        what: What the table holds, for the message.

    Raises:
        ValueError: If the number is out of range.
    """
    if number is None:
        return table
    if not 0 < number <= len(table):
        raise ValueError(f'images={number}: expected 1 to {len(table)}, the number of {what}')
    return table.take(sorted(random.Random(seed).sample(range(len(table)), number)))


def write_coco_lists(
    coco: str | os.PathLike[str],
    out: str | os.PathLike[str],
    images: Sequence[int | None] = (None, None),
    seed: int = 0,
    overwrite: bool = False,
) -> Iterator[tuple[Path, LabelTable]]:
    """Write the lists that the photos configs and studies train on; yield each when it is written.

    They are ``train_full.txt``, ``train_0.75left.txt``, ``train_0.4left.txt``,
    ``train_singlelabel.txt`` and ``val_full.txt``.

    Args:
        coco: Folder with ``annotations/instances_{train,val}2014.json``.
        out: Folder to write to.
        images: Number of training and of validation images, drawn at random; None for all.
        seed: Seed for drawing images and dropping labels.
        overwrite: Whether existing lists are replaced.

    Raises:
        FileNotFoundError: If annotations are missing.
        FileExistsError: If a list exists and ``overwrite`` is False; nothing is written then.
        ValueError: If a number of images is out of range.
    """
    splits, folder = {}, Path(out)
    for split, number in zip(('train', 'val'), images, strict=True):
        path = Path(coco) / f'annotations/instances_{split}2014.json'
        if not path.is_file():
            raise FileNotFoundError(f'no {path}; expected the folder that holds COCO 2014')
        splits[split] = draw_images(read_labels(path), number, seed, 'images with a label')
    lists = [('train', protocol) for protocol in LISTS] + [('val', 'full')]
    paths = {pair: folder / f'{pair[0]}_{LISTS[pair[1]]}.txt' for pair in lists}
    there = [path for path in paths.values() if path.exists()]
    if there and not overwrite:
        raise FileExistsError(f'{there[0]} exists: give another folder')
    folder.mkdir(parents=True, exist_ok=True)
    for (split, protocol), path in paths.items():
        table = PaperRule(protocol).apply(splits[split], seed)
        write_label_list(path, table.names, table.positive_lists)
        yield path, table
