"""Pascal VOC: image-level labels from its annotations of objects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ..errors import LabelError
from ..label_table import ABSENT, PRESENT, UNOBSERVED
from ..names import name_fault
from ..parsed import ParsedTable
from ..tables.problems import Problems
from .assembly import parsed_table
from .split_files import choose, listed_lines, require_file

# In alphabetical order, which is that of the class indices in all published lists.
VOC_CLASSES = (
    'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow',
    'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train',
    'tvmonitor',
)  # fmt: skip
LARGEST = 1 << 24  # bytes of an annotation; VOC's have a few thousand
# What a class is of which an image has difficult objects only.
DIFFICULT = {'absent': ABSENT, 'present': PRESENT, 'unobserved': UNOBSERVED}


def parse_pascal_voc(
    root: str | os.PathLike[str], split: str = 'train', difficult: str = 'absent'
) -> ParsedTable:
    """Parse a year of Pascal VOC and collect all of its problems.

    An image shows a class if it has an object of the class that is not marked as difficult. Where all
    of them are, published code differs: ``difficult`` says what the class is.

    Args:
        root: Folder of the year, such as ``VOCdevkit/VOC2012``, with ``ImageSets/Main/SPLIT.txt`` and
            ``Annotations/*.xml``.
        split: Name of a list in ``ImageSets/Main``, such as ``'train'`` or ``'trainval'``.
        difficult: What a class is whose objects in an image are all difficult: ``'absent'``, as in the
            literature on single positive labels; ``'present'``; or ``'unobserved'``, as in VOC's own
            evaluation, which leaves it out.

    Raises:
        FileNotFoundError: If there is no such list; names those that are there.
        ValueError: If ``difficult`` has another value.

    Source: VOC's development kit: 1, 0 (difficult only) and -1 in ``ImageSets/Main/CLASS_SPLIT.txt``.
    """
    label_of_difficult = choose('difficult', difficult, DIFFICULT)
    root = Path(root)
    listed = require_file(root / 'ImageSets/Main', f'{split}.txt', 'the split of Pascal VOC')
    problems = Problems()
    names, rows, places = [], [], []
    for line, image in listed_lines(listed):
        where = f'{listed}:{line}'
        if name_fault(image) or '/' in image or len(image.split()) > 1:
            problems.append(
                LabelError(where, repr(image), "an image's name, such as '2008_000008'")
            )
            continue
        try:
            row = _labels(root / 'Annotations' / f'{image}.xml', where, label_of_difficult)
        except LabelError as error:
            problems.append(error)
            continue
        names.append(f'{image}.jpg')
        rows.append(row)
        places.append(line)
    note = f'{root}: Pascal VOC, {split}; classes with difficult objects only are {difficult}'
    return parsed_table(listed, names, rows, VOC_CLASSES, places, problems, [note])


def _labels(path: Path, listed_at: str, label_of_difficult: int) -> dict[int, int]:
    """Return the label of each class of which an image has an object."""
    labels: dict[int, int] = {}
    for name, is_difficult in _objects(path, listed_at):
        if name not in _INDEX:
            known = f"one of VOC's {len(VOC_CLASSES)} classes"
            raise LabelError(str(path), f'an object {name!r}', known)
        label = label_of_difficult if is_difficult else PRESENT
        labels[_INDEX[name]] = PRESENT if labels.get(_INDEX[name]) == PRESENT else label
    return labels


def _objects(path: Path, listed_at: str) -> Iterator[tuple[str, bool]]:
    """Yield the class of each object in an annotation file, and whether it is difficult."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise LabelError(str(path), f'{size:,} bytes', f'an annotation of at most {LARGEST:,}')
        content = path.read_bytes()
    except FileNotFoundError:
        got = f'no {path.parent.name}/{path.name}'
        raise LabelError(listed_at, got, 'an annotation of each image of the list') from None
    if b'<!DOCTYPE' in content or b'<!ENTITY' in content:
        raise LabelError(str(path), 'a document type', 'an annotation of VOC, which has none')
    try:
        tree = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        line, reason = error.position[0], str(error).partition(':')[0]
        raise LabelError(f'{path}:{line}', reason, 'an annotation of VOC in XML') from None
    for item in tree.findall('object'):
        difficult = (item.findtext('difficult') or '0').strip()  # some objects do not say it
        if difficult not in ('0', '1'):
            raise LabelError(str(path), f'difficult {difficult!r}', '0 or 1')
        yield (item.findtext('name') or '').strip(), difficult == '1'


_INDEX = {name: index for index, name in enumerate(VOC_CLASSES)}
