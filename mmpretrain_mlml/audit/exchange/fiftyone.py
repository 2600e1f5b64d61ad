"""FiftyOne: a data set of the type FiftyOneImageClassificationDataset, without copies of pictures.

Each proposal is a classification with the attributes ``image`` (name in the training set) and
``kind``. A person tags classifications as present, absent or unsure in the app; what has none of these
tags is undecided. Tags come back in an export of the type FiftyOneDataset.

Source: "FiftyOneImageClassificationDataset" and "FiftyOneDataset" in the documentation of FiftyOne.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...files import atomic_write
from ...labels import DataError
from ..decisions import LABELS, Decision
from .task import Task


def write(folder: Path, tasks: list[Task], classes: Sequence[str]) -> str:
    """Write ``labels.json`` and the manifest ``data.json``; return how to import them."""
    labels, files = {}, {}
    for number, task in enumerate(tasks):
        key = f'{number:06}'
        files[key] = str(task.file)
        labels[key] = [
            {
                'label': tag.class_name,
                'confidence': tag.probability,
                'attributes': {'image': task.name, 'kind': tag.kind},
            }
            for tag in task.tags
        ]
    for name, content in (
        ('labels.json', {'classes': list(classes), 'labels': labels}),
        ('data.json', files),
    ):
        with atomic_write(folder / name, 'w') as file:
            json.dump(content, file, indent=1)
    return (
        f"fiftyone: fo.Dataset.from_dir('{folder}', fo.types.FiftyOneImageClassificationDataset, "
        "data_path='data.json', label_field='proposals'); tag labels as present, absent or unsure, "
        'then dataset.export(FOLDER, fo.types.FiftyOneDataset, export_media=False)'
    )


def read(content: Any, path: str) -> list[Decision]:
    """Return the decisions in ``samples.json`` of an export FiftyOneDataset.

    Args:
        content: The parsed file.
        path: Its name, for messages.

    Raises:
        DataError: If it is no such file, holds no proposals, or a label has two decisions.
    """
    samples = content.get('samples') if isinstance(content, dict) else None
    if not isinstance(samples, list):
        raise DataError(path, 'no list of samples', 'samples.json of an export FiftyOneDataset')
    decisions, proposals = [], 0
    for number, sample in enumerate(samples, 1):
        where = f'{path}: sample {number}'
        for label in _classifications(sample):
            proposals += 1
            tags = [tag for tag in label.get('tags') or () if tag in LABELS]
            name = label.get('label', '')
            if len(tags) > 1:
                raise DataError(where, f'the tags {", ".join(tags)} of {name!r}', 'one decision')
            decisions += [Decision(label['image'], name, tag, where=where) for tag in tags]
    if not proposals:
        raise DataError(path, 'no proposals', 'classifications that audit_labels.py wrote')
    return decisions


def _classifications(sample: Any) -> Iterator[dict[str, Any]]:
    for field in sample.values() if isinstance(sample, dict) else ():
        if isinstance(field, dict) and field.get('_cls') == 'Classifications':
            yield from (
                one for one in field['classifications'] if isinstance(one.get('image'), str)
            )
