"""Label Studio: a task with one prediction for each picture, and a labelling configuration.

The prediction selects all proposed tags; a reviewer takes away what is wrong and submits. In an
export, a proposed tag that is still selected is present and one that is not is absent; a tag that was
added is present. Tasks that nobody submitted say nothing.

Source: the import and export formats of Label Studio ("Import pre-annotations", "Export annotations").
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from ...files import atomic_write
from ...labels import DataError
from ..decisions import Decision
from .task import Task

FROM, TO = 'tags', 'image'


def write(folder: Path, tasks: list[Task], classes: Sequence[str]) -> str:
    """Write ``tasks.json`` and ``config.xml``; return how to import them."""
    root = _root(tasks)
    with atomic_write(folder / 'tasks.json', 'w') as file:
        json.dump([_task(task, root) for task in tasks], file, indent=1)
    view = ElementTree.Element('View')
    ElementTree.SubElement(view, 'Image', name=TO, value='$image', zoom='true')
    choices = ElementTree.SubElement(
        view, 'Choices', name=FROM, toName=TO, choice='multiple', showInLine='true'
    )
    for name in classes:
        ElementTree.SubElement(choices, 'Choice', value=name)
    ElementTree.indent(view)
    with atomic_write(folder / 'config.xml') as out:
        ElementTree.ElementTree(view).write(out, encoding='utf-8')
    return (
        f'label-studio: labelling configuration {folder / "config.xml"}, tasks '
        f'{folder / "tasks.json"}; serve the pictures with '
        f'LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true '
        f'LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={root}; export as JSON'
    )


def _root(tasks: list[Task]) -> Path:
    return Path(os.path.commonpath([task.file.parent for task in tasks])) if tasks else Path('/')


def _task(task: Task, root: Path) -> dict[str, Any]:
    address = quote(task.file.relative_to(root).as_posix())
    tags = [tag.class_name for tag in task.tags]
    result = {'from_name': FROM, 'to_name': TO, 'type': 'choices', 'value': {'choices': tags}}
    return {
        'data': {
            'image': f'/data/local-files/?d={address}',
            'name': task.name,
            'proposed': tags,
        },
        'predictions': [
            {
                'model_version': 'mmpretrain_mlml',
                'score': max(tag.probability for tag in task.tags),
                'result': [result],
            }
        ],
    }


def read(content: Any, path: str) -> list[Decision]:
    """Return the decisions in an export of the type JSON.

    Args:
        content: The parsed file.
        path: Its name, for messages.

    Raises:
        DataError: If a task is none of :func:`write`, or an annotation is not of choices.
    """
    if not isinstance(content, list):
        raise DataError(path, f'a {type(content).__name__}', 'a list of tasks of Label Studio')
    decisions = []
    for number, task in enumerate(content, 1):
        where = f'{path}: task {number}'
        data = task.get('data') if isinstance(task, dict) else None
        if not isinstance(data, dict) or not {'name', 'proposed'} <= set(data):
            raise DataError(
                where,
                'no data with name and proposed',
                'a task that audit_labels.py wrote, exported from Label Studio as JSON (not JSON-MIN)',
            )
        for annotation in task.get('annotations', []):
            if not annotation.get('was_cancelled'):
                decisions += _decisions(data, annotation, where)
    return decisions


def _decisions(data: dict[str, Any], annotation: dict[str, Any], where: str) -> list[Decision]:
    chosen: list[str] = []
    for result in annotation.get('result', []):
        choices = result.get('value', {}).get('choices')
        if result.get('from_name') != FROM or not isinstance(choices, list):
            raise DataError(
                where, f'a result of {result.get("from_name")!r}', f'choices of {FROM!r}'
            )
        chosen += choices
    by = annotation.get('completed_by', '')
    reviewer = str(by.get('email', by.get('id', '')) if isinstance(by, dict) else by)
    time = str(annotation.get('updated_at') or annotation.get('created_at') or '')
    return [
        Decision(
            str(data['name']),
            name,
            'present' if name in chosen else 'absent',
            reviewer,
            time,
            where,
        )
        for name in dict.fromkeys([*data['proposed'], *chosen])
    ]
