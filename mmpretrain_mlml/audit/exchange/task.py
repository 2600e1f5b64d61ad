"""A picture with its proposals, as every tool gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...pages import FileOf, OpenImage


@dataclass(frozen=True)
class Tag:
    """A proposed tag.

    Attributes:
        class_name: Class.
        kind: ``'missing'`` or ``'wrong'``.
        probability: Probability of presence.
    """

    class_name: str
    kind: str
    probability: float


@dataclass(frozen=True)
class Task:
    """A picture with its proposals.

    Attributes:
        name: Image name in the training set.
        file: File of the picture.
        size: Width and height in pixels.
        tags: Proposed tags, the most valuable decision first.
    """

    name: str
    file: Path
    size: tuple[int, int]
    tags: list[Tag]


def make_tasks(
    folder: Path,
    proposals: np.ndarray,
    names: Sequence[str],
    classes: Sequence[str],
    open_image: OpenImage,
    file_of: FileOf | None,
) -> list[Task]:
    """Return a task for each picture, in the order of its best proposal.

    A picture that is no file is written to ``images/`` in ``folder``.

    Raises:
        OSError: If a picture cannot be opened or written.
    """
    tags: dict[int, list[Tag]] = {}
    for image, class_, kind, probability in proposals.tolist():
        tag = Tag(str(classes[class_]), kind, round(probability, 4))
        tags.setdefault(image, []).append(tag)
    tasks = []
    for image, found in tags.items():
        file = file_of(image) if file_of else None
        with open_image(image) as picture:
            size = picture.size
            if file is None:
                file = folder / 'images' / f'{image}.png'
                file.parent.mkdir(exist_ok=True)
                picture.save(file)
        tasks.append(Task(str(names[image]), Path(file).resolve(), size, found))
    return tasks
