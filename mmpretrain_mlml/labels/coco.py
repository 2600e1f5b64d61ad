"""COCO's 80 classes, and image-level labels out of its ``instances_*.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import LabelError
from .examination import Examination, LabelList
from .names import name_problems

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


def read_instances(path: str | os.PathLike, classes: Sequence[str] = COCO_CLASSES) -> LabelList:
    """Reads which classes are present in which image from a COCO instances file.

    Images without any annotation are left out, as in the released lists; crowd annotations count.

    Args:
        path: ``instances_*.json``.
        classes: Names the file's categories must have, in ascending category id; a label is the
            position in this order.

    Raises:
        FileNotFoundError: There is no such file.
        LabelError: The file is not JSON of that form, its categories are not ``classes``, or an
            annotation names an unknown image or category.
    """
    return examine_instances(path, classes).sound()


def examine_instances(
    path: str | os.PathLike, classes: Sequence[str] = COCO_CLASSES
) -> Examination:
    """Reads what can be read of a COCO instances file and collects all that is wrong with it.

    Args:
        path: As for :func:`read_instances`.
        classes: As for :func:`read_instances`.

    Raises:
        FileNotFoundError: There is no such file.
    """
    path = Path(path)
    try:
        content = _load(path)
    except LabelError as error:
        return Examination(LabelList([], []), lambda index: str(path), [error])
    problems: list[LabelError] = []
    index_of = _category_indices(path, content['categories'], classes, problems)
    images = _sound_rows(f'{path}: images', content['images'], {'file_name': str}, problems)
    present: dict[int, set[int]] = {image_id: set() for image_id in _ids(content['images'])}
    for annotation in _sound_rows(f'{path}: annotations', content['annotations'], None, problems):
        image, category = annotation.get('image_id'), annotation.get('category_id')
        unknown = [
            f'{key} {value!r}'
            for key, value, known in (
                ('image_id', image, present),
                ('category_id', category, index_of),
            )
            if type(value) is not int or value not in known
        ]
        if unknown:
            where = f'{path}: annotation {_shorten([annotation.get("id", annotation)])}'
            got = _shorten([' and '.join(unknown)])
            problems.append(LabelError(where, got, 'ids listed under images and categories'))
        elif index_of[category] is not None:
            present[image].add(index_of[category])
    annotated = [image for image in images if present[image['id']]]
    if not annotated and not problems:
        problems.append(LabelError(str(path), 'no annotated image', 'annotations'))

    def where(index: int) -> str:
        return f'{path}: image {annotated[index]["id"]}'

    names = [image['file_name'] for image in annotated]
    problems += name_problems(names, where)
    labels = [sorted(present[image['id']]) for image in annotated]
    return Examination(LabelList(names, labels), where, problems)


def _load(path: Path) -> dict[str, list]:
    try:
        content = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise LabelError(f'{path}:{error.lineno}', error.msg, 'a complete JSON file') from None
    except UnicodeDecodeError as error:
        raise LabelError(str(path), str(error), 'a JSON file in UTF-8') from None
    except (ValueError, RecursionError) as error:  # a number or a nesting without end
        raise LabelError(str(path), str(error), 'a COCO instances file') from None
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise LabelError(str(path), f'no list {key!r}', 'a COCO instances file')
    return content


def _category_indices(
    path: Path, rows: list[Any], classes: Sequence[str], problems: list[LabelError]
) -> dict[int, int | None]:
    """The label of each category id; None for one that is not among the classes."""
    before = len(problems)
    categories = _sound_rows(f'{path}: categories', rows, {'name': str}, problems)
    names = [category['name'] for category in sorted(categories, key=lambda row: row['id'])]
    if len(problems) == before and (names != list(classes) or len(set(names)) < len(names)):
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


def _sound_rows(
    where: str, rows: list[Any], fields: dict[str, type] | None, problems: list[LabelError]
) -> list[dict]:
    """The rows that are objects and, unless ``fields`` is None, have these and their own ``id``."""
    if fields is None:
        wanted, shape = {}, 'an object'
    else:
        wanted = {'id': int, **fields}
        shape = 'an object ' + ', '.join(f'{key} ({kind.__name__})' for key, kind in wanted.items())
    sound, seen = [], set()
    for position, row in enumerate(rows):
        if not isinstance(row, dict) or any(
            type(row.get(key)) is not wanted[key] for key in wanted
        ):
            problems.append(LabelError(f'{where}[{position}]', _shorten([row]), shape))
        elif wanted and row['id'] in seen:
            problems.append(
                LabelError(f'{where}[{position}]', f'id {row["id"]} again', 'each id once')
            )
        else:
            seen.add(row.get('id') if wanted else None)
            sound.append(row)
    return sound


def _ids(rows: list[Any]) -> list[int]:
    """Ids of all rows that have one, also where something else is wrong with them."""
    return [row['id'] for row in rows if isinstance(row, dict) and type(row.get('id')) is int]


def _shorten(values: Sequence[Any]) -> str:
    text = ', '.join(map(str, values))
    return text if len(text) <= 60 else text[:57] + '...'
