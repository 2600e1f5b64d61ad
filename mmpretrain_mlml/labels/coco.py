"""COCO's 80 classes, and image-level labels out of its ``instances_*.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import LabelError
from .lists import LabelList, check_names

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
    path = Path(path)
    content = _load(path)
    categories = sorted(content['categories'], key=lambda category: category['id'])
    names_found = tuple(category['name'] for category in categories)
    if names_found != tuple(classes):
        raise LabelError(
            str(path),
            f'{len(names_found)} categories {_shorten(names_found)}',
            f'{len(classes)} categories {_shorten(classes)}; for other classes give the data set '
            'metainfo=dict(classes=...) in ascending category id',
        )
    index_of = {category['id']: index for index, category in enumerate(categories)}
    present: dict[Any, set[int]] = {image['id']: set() for image in content['images']}
    for annotation in content['annotations']:
        try:
            present[annotation['image_id']].add(index_of[annotation['category_id']])
        except (KeyError, TypeError) as error:
            raise LabelError(
                f'{path}: annotation {annotation.get("id", annotation)}',
                f'image_id {annotation.get("image_id")} with '
                f'category_id {annotation.get("category_id")}',
                f'ids listed under images and categories ({error} is not)',
            ) from None
    if not any(present.values()):
        raise LabelError(str(path), 'no annotated image', 'annotations')
    annotated = [image for image in content['images'] if present[image['id']]]
    names = [image['file_name'] for image in annotated]
    check_names(names, where=lambda index: f'{path}: image {annotated[index]["id"]}')
    return LabelList(names, [sorted(present[image['id']]) for image in annotated])


def _load(path: Path) -> dict[str, list[dict]]:
    try:
        content = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise LabelError(f'{path}:{error.lineno}', error.msg, 'a complete JSON file') from None
    except UnicodeDecodeError as error:
        raise LabelError(str(path), str(error), 'a JSON file in UTF-8') from None
    wanted = {
        'images': {'id': int, 'file_name': str},
        'annotations': {},
        'categories': {'id': int, 'name': str},
    }
    for key, fields in wanted.items():
        rows = content.get(key) if isinstance(content, dict) else None
        if not isinstance(rows, list):
            raise LabelError(str(path), f'no list {key!r}', 'a COCO instances file')
        _check_rows(f'{path}: {key}', rows, fields)
    return content


def _check_rows(where: str, rows: list[Any], fields: dict[str, type]) -> None:
    """Each row is an object with these fields, and no ``id`` among them stands twice."""
    shape = ', '.join(f'{field} ({kind.__name__})' for field, kind in fields.items())
    seen = set()
    for position, row in enumerate(rows):
        place = f'{where}[{position}]'
        if not isinstance(row, dict) or not all(
            isinstance(row.get(f), k) for f, k in fields.items()
        ):
            raise LabelError(place, _shorten([row]), f'an object {shape}'.strip())
        if 'id' in fields:
            if row['id'] in seen:
                raise LabelError(place, f'id {row["id"]} again', 'each id once')
            seen.add(row['id'])


def _shorten(values: Sequence[Any]) -> str:
    text = ', '.join(map(str, values))
    return text if len(text) <= 60 else text[:57] + '...'
