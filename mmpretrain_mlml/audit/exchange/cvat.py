"""CVAT: annotations "CVAT for images 1.1" with a tag for each proposal, and the labels of a project.

Each tag has the attribute ``decision``, from undecided to present, absent or unsure, since a tag that
stays untouched must not count as a decision. A tag that a person adds is present. The attribute
``image`` keeps the name in the training set, whatever CVAT makes of file names.

Source: the format "CVAT for images" in the documentation of CVAT.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ...files import atomic_write
from ...labels import DataError
from ..decisions import LABELS, Decision
from .task import Task

UNDECIDED = 'undecided'
VALUES = [UNDECIDED, *LABELS]
ATTRIBUTES: list[dict[str, Any]] = [
    {'name': 'decision', 'input_type': 'select', 'default_value': UNDECIDED, 'values': VALUES},
    {'name': 'probability', 'input_type': 'text', 'default_value': '', 'values': ['']},
    {'name': 'image', 'input_type': 'text', 'default_value': '', 'values': ['']},
]
SHAPES = ('box', 'polygon', 'polyline', 'points', 'cuboid', 'ellipse', 'mask', 'skeleton')


def write(folder: Path, tasks: list[Task], classes: Sequence[str]) -> str:
    """Write ``labels.json`` and ``annotations.xml``; return how to import them."""
    attributes = [{**one, 'mutable': False} for one in ATTRIBUTES]
    labels = [{'name': name, 'type': 'tag', 'attributes': attributes} for name in classes]
    with atomic_write(folder / 'labels.json', 'w') as file:
        json.dump(labels, file, indent=1)
    root = ElementTree.Element('annotations')
    _child(root, 'version', '1.1')
    _add_meta(root, len(tasks), classes)
    for number, task in enumerate(tasks):
        width, height = task.size
        image = ElementTree.SubElement(
            root, 'image', id=str(number), name=_frame(task), width=str(width), height=str(height)
        )
        for tag in task.tags:
            element = ElementTree.SubElement(image, 'tag', label=tag.class_name, source='auto')
            values = (UNDECIDED, f'{tag.probability:.4f}', task.name)
            for attribute, value in zip(ATTRIBUTES, values, strict=True):
                _child(element, 'attribute', value, name=attribute['name'])
    ElementTree.indent(root)
    with atomic_write(folder / 'annotations.xml') as out:
        ElementTree.ElementTree(root).write(out, encoding='utf-8', xml_declaration=True)
    with atomic_write(folder / 'images.txt', 'w') as file:
        file.writelines(f'{task.file}\n' for task in tasks)
    return (
        f'cvat: a task with the labels {folder / "labels.json"} (Raw) and the pictures in '
        f'{folder / "images.txt"}; upload {folder / "annotations.xml"} as "CVAT 1.1"; export as '
        '"CVAT for images 1.1"'
    )


def _frame(task: Task) -> str:
    """Return the name under which CVAT looks for the picture: the end of its path."""
    return task.name if Path(task.name).name == task.file.name else task.file.name


def _child(parent: ElementTree.Element, tag: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, tag, attributes).text = text


def _add_meta(root: ElementTree.Element, size: int, classes: Sequence[str]) -> None:
    task = ElementTree.SubElement(ElementTree.SubElement(root, 'meta'), 'task')
    _child(task, 'name', 'review')
    _child(task, 'size', str(size))
    _child(task, 'mode', 'annotation')
    labels = ElementTree.SubElement(task, 'labels')
    for name in classes:
        label = ElementTree.SubElement(labels, 'label')
        _child(label, 'name', name)
        _child(label, 'type', 'tag')
        attributes = ElementTree.SubElement(label, 'attributes')
        for one in ATTRIBUTES:
            attribute = ElementTree.SubElement(attributes, 'attribute')
            _child(attribute, 'name', one['name'])
            _child(attribute, 'mutable', 'False')
            _child(attribute, 'input_type', one['input_type'])
            _child(attribute, 'default_value', one['default_value'])
            _child(attribute, 'values', '\n'.join(one['values']))


class _NoEntities(ElementTree.TreeBuilder):
    """Refuses a document type, so that no entity can be declared."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError('a document type, which an export of CVAT does not have')


def read(content: bytes, path: str) -> list[Decision]:
    """Return the decisions in an export "CVAT for images 1.1".

    Args:
        content: The XML file.
        path: Its name, for messages.

    Raises:
        DataError: If it is no such file, or holds other annotations than tags with a decision.
    """
    try:
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=_NoEntities()))
    except (ElementTree.ParseError, ValueError) as error:
        raise DataError(path, str(error), 'an export "CVAT for images 1.1"') from error
    if root.tag != 'annotations' or root.find('track') is not None:
        raise DataError(
            path,
            'tracks of a video' if root.tag == 'annotations' else f'XML of <{root.tag}>',
            'an export "CVAT for images 1.1", with <annotations> of images',
        )
    decisions = []
    for image in root.iter('image'):
        where = f'{path}: image {image.get("name", "")!r}'
        for shape in SHAPES:
            if image.find(shape) is not None:
                raise DataError(where, f'a {shape}', 'tags alone')
        decisions += _decisions(image, where)
    return decisions


def _decisions(image: ElementTree.Element, where: str) -> list[Decision]:
    tags = [
        (tag, {one.get('name'): one.text or '' for one in tag.iter('attribute')})
        for tag in image.iter('tag')
    ]
    names = {values['image'] for _, values in tags if values.get('image')}
    if len(names) > 1:
        raise DataError(where, f'tags of the images {sorted(names)}', 'tags of one image')
    name = names.pop() if names else image.get('name', '')
    decisions = []
    for tag, values in tags:
        decision = values.get('decision', UNDECIDED)
        if decision not in VALUES:
            raise DataError(where, f'decision {decision!r}', f'one of {", ".join(VALUES)}')
        if decision == UNDECIDED:
            if tag.get('source', 'manual') != 'manual' or values.get('image'):
                continue
            decision = 'present'  # a person added this tag
        decisions.append(Decision(name, tag.get('label', ''), decision, where=where))
    return decisions
