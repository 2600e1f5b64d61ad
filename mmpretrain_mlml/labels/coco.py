"""COCO's 80 classes, and image-level labels from its ``instances_*.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .bounds import read_whole
from .errors import LabelError
from .label_table import LabelTable
from .names import name_problems
from .parsed import LabelList, ParsedLabels, ParsedTable
from .table_cache import cached

# In ascending category id, which is the order of the class indices in the released lists.
COCO_CLASSES = (
    'person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat',
    'traffic light', 'fire hydrant', 'stop sign', 'parking meter', 'bench', 'bird', 'cat', 'dog',
    'horse', 'sheep', 'cow', 'elephant', 'bear', 'zebra', 'giraffe', 'backpack', 'umbrella',
    'handbag', 'tie', 'suitcase', 'frisbee', 'skis', 'snowboard', 'sports ball', 'kite',
    'baseball bat', 'baseball glove', 'skateboard', 'surfboard', 'tennis racket', 'bottle',
    'wine glass', 'cup', 'fork', 'knife', 'spoon', 'bowl', 'banana', 'apple', 'sandwich', 'orange',
    'broccoli', 'carrot', 'hot dog', 'pizza', 'donut', 'cake', 'chair', 'couch', 'potted plant',
    'bed', 'dining table', 'toilet', 'tv', 'laptop', 'mouse', 'remote', 'keyboard', 'cell phone',
    'microwave', 'oven', 'toaster', 'sink', 'refrigerator', 'book', 'clock', 'vase', 'scissors',
    'teddy bear', 'hair drier', 'toothbrush',
)  # fmt: skip


class ParsedInstances(ParsedLabels):
    """Content of an instances file.

    Attributes:
        left_out: Number of images that are left out because they have no annotation.
    """

    left_out: int = 0

    def as_table(self, path: Path, classes: Sequence[str]) -> ParsedTable:
        """Return the content as a table, without labels if there are problems."""
        names, labels = ([], []) if self.problems else self.labels
        table = LabelTable.from_positives(names, labels, classes, fill=0)
        prefix = f'{path}: image '
        ids = [int(self.location_of(row).removeprefix(prefix)) for row in range(len(names))]
        fit = all(-(2**63) <= number < 2**63 for number in ids)
        places = np.array(ids if fit else [], np.int64)
        table = replace(table, source=str(path), places=places, place_prefix=prefix)
        return ParsedTable(table, self.problems, [], self.left_out)

    @classmethod
    def of_table(cls, parsed: ParsedTable) -> ParsedInstances:
        """Return the content of a table as lists."""
        table = parsed.table
        labels = LabelList(list(table.names), list(table.positive_lists))
        found = cls(labels, table.location_of, parsed.problems)
        found.left_out = parsed.left_out
        return found


def read_instances(
    path: str | os.PathLike[str], classes: Sequence[str] = COCO_CLASSES
) -> LabelList:
    """Read which classes are present in which image from a COCO instances file.

    Images without annotations are left out, as in the released lists. Crowd annotations count.

    Args:
        path: ``instances_*.json``.
        classes: Expected names of the categories, in ascending category id. Labels are positions in
            this order.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If the file is not JSON of that form, its categories are not ``classes``, or an
            annotation has an unknown image or category.
    """
    return parse_instances(path, classes).require_no_problems()


def parse_instances(
    path: str | os.PathLike[str],
    classes: Sequence[str] = COCO_CLASSES,
    keep_unlabelled: bool = False,
    subset: bool = False,
    cache: bool | None = False,
) -> ParsedInstances:
    """Parse a COCO instances file and collect all of its problems.

    Args:
        path: As for :func:`read_instances`.
        classes: As for :func:`read_instances`.
        keep_unlabelled: Whether images without annotations are kept, with no label.
        subset: Whether ``classes`` may be some of the categories, in any order. Annotations of other
            categories are left out, and labels are positions in ``classes``.
        cache: Whether the result is kept in a hidden file beside ``path``, from which the next call
            reads it; None for files of 4 MB and more.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    path = Path(path)
    parsed: list[ParsedInstances] = []

    def parse() -> ParsedTable:
        parsed.append(_parse(path, classes, keep_unlabelled, subset))
        return parsed[0].as_table(path, classes)

    if cache is False:
        return _parse(path, classes, keep_unlabelled, subset)
    found = cached(path, ('coco', tuple(classes), keep_unlabelled, subset), parse, cache)
    return parsed[0] if parsed else ParsedInstances.of_table(found)


def _parse(
    path: Path, classes: Sequence[str], keep_unlabelled: bool, subset: bool
) -> ParsedInstances:
    try:
        content = _load(path)
    except LabelError as error:
        return ParsedInstances(LabelList([], []), str, [error])
    problems: list[LabelError] = []
    index_of = _category_indices(path, content['categories'], classes, subset, problems)
    images = _valid_rows(f'{path}: images', content['images'], {'file_name': str}, problems)
    present: dict[int, set[int]] = {image_id: set() for image_id in _ids(content['images'])}
    for annotation in _valid_rows(f'{path}: annotations', content['annotations'], None, problems):
        image: Any = annotation.get('image_id')
        category: Any = annotation.get('category_id')
        if unknown := _unknown_ids(image, category, present, index_of):
            location = f'{path}: annotation {_shorten([annotation.get("id", annotation)])}'
            got = _shorten([' and '.join(unknown)])
            problems.append(LabelError(location, got, 'ids listed under images and categories'))
            continue
        label = index_of[category]
        if label is not None:
            present[image].add(label)
    annotated = [image for image in images if keep_unlabelled or present[image['id']]]
    if not any(present.values()) and not problems:
        problems.append(LabelError(str(path), 'no annotated image', 'annotations'))

    def location_of(index: int) -> str:
        return f'{path}: image {annotated[index]["id"]}'

    names = [image['file_name'] for image in annotated]
    problems += name_problems(names, location_of)
    labels = [sorted(present[image['id']]) for image in annotated]
    parsed = ParsedInstances(LabelList(names, labels), location_of, problems)
    parsed.left_out = len(images) - len(annotated)
    return parsed


def _load(path: Path) -> dict[str, list[Any]]:
    data = read_whole(path, 'a file that fits')
    try:
        content = json.loads(data)
    except json.JSONDecodeError as error:
        raise LabelError(f'{path}:{error.lineno}', error.msg, 'a complete JSON file') from None
    except UnicodeDecodeError as error:
        raise LabelError(str(path), str(error), 'a JSON file in UTF-8') from None
    except (ValueError, RecursionError) as error:  # a number or a nesting that is too long
        raise LabelError(str(path), str(error), 'a COCO instances file') from None
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise LabelError(str(path), f'no list {key!r}', 'a COCO instances file')
    return content  # type: ignore[no-any-return]


def _category_indices(
    path: Path, rows: list[Any], classes: Sequence[str], subset: bool, problems: list[LabelError]
) -> dict[int, int | None]:
    """Return the label of each category id, None for a category that is not in ``classes``."""
    before = len(problems)
    categories = _valid_rows(f'{path}: categories', rows, {'name': str}, problems)
    names = [category['name'] for category in sorted(categories, key=lambda row: row['id'])]
    chosen = subset and len(set(classes)) == len(classes) and set(classes) < set(names)
    fit = (chosen or names == list(classes)) and len(set(names)) == len(names)
    if len(problems) == before and not fit:
        problems.append(
            LabelError(
                str(path),
                f'{len(names)} categories {_shorten(names)}',
                f'{len(classes)} categories, each once: {_shorten(classes)}; for other classes give '
                'the data set metainfo=dict(classes=...) in ascending category id',
            )
        )
    label_of = {name: index for index, name in enumerate(classes)}
    labels = {category['id']: label_of.get(category['name']) for category in categories}
    return {**dict.fromkeys(_ids(rows)), **labels}


def _valid_rows(
    location: str,
    rows: list[Any],
    fields: dict[str, type] | None,
    problems: list[LabelError],
) -> list[dict[str, Any]]:
    """Return the rows that are objects with a unique ``id`` and the given fields.

    Args:
        location: Where the rows stand, for problems.
        rows: Content of the file.
        fields: Type of each required field; None if neither fields nor ``id`` are required.
        problems: Takes the problems of the other rows.
    """
    if fields is None:
        wanted, shape = {}, 'an object'
    else:
        wanted = {'id': int, **fields}
        shape = 'an object ' + ', '.join(f'{key} ({kind.__name__})' for key, kind in wanted.items())
    valid, seen = [], set()
    for position, row in enumerate(rows):
        place = f'{location}[{position}]'
        if not isinstance(row, dict) or any(
            type(row.get(key)) is not wanted[key] for key in wanted
        ):
            problems.append(LabelError(place, _shorten([row]), shape))
        elif wanted and row['id'] in seen:
            problems.append(LabelError(place, f'id {row["id"]} again', 'each id once'))
        else:
            seen.add(row.get('id') if wanted else None)
            valid.append(row)
    return valid


def _ids(rows: list[Any]) -> list[int]:
    """Return the ids of all rows that have one, including rows with other problems."""
    return [row['id'] for row in rows if isinstance(row, dict) and type(row.get('id')) is int]


def _unknown_ids(
    image: Any, category: Any, images: Container[int], categories: Container[int]
) -> list[str]:
    """Describe the ids of an annotation that are not among those of the file."""
    ids = (('image_id', image, images), ('category_id', category, categories))
    return [
        f'{key} {value!r}'
        for key, value, known in ids
        if type(value) is not int or value not in known
    ]


def _shorten(values: Sequence[Any]) -> str:
    text = ', '.join(map(str, values))
    return text if len(text) <= 60 else text[:57] + '...'
