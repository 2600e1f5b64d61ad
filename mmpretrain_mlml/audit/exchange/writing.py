"""Writing proposals for a tool."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ...pages import FileOf, OpenImage
from . import cvat, fiftyone, label_studio
from .task import Task, make_tasks

Writer = Callable[[Path, list[Task], Sequence[str]], str]
EXPORTS: dict[str, Writer] = {
    'label-studio': label_studio.write,
    'cvat': cvat.write,
    'fiftyone': fiftyone.write,
}


def export_proposals(
    tool: str,
    folder: str | os.PathLike[str],
    proposals: np.ndarray,
    names: Sequence[str],
    classes: Sequence[str],
    open_image: OpenImage,
    *,
    file_of: FileOf | None = None,
) -> str:
    """Write proposals as files that a review tool imports; return how to import them, in one line.

    Args:
        tool: ``'label-studio'``, ``'cvat'`` or ``'fiftyone'``.
        folder: Folder for the files; it is made.
        proposals: From :func:`~mmpretrain_mlml.audit.propose`, (K,).
        names: N image names.
        classes: C class names.
        open_image: Function that returns the picture of an image index.
        file_of: Function that returns the file of an image index, or None; such pictures are
            written to ``images/`` in ``folder``.

    Raises:
        OSError: If a picture cannot be opened, or a file not be written.
        ValueError: If ``tool`` is unknown.
    """
    if tool not in EXPORTS:
        raise ValueError(f'unknown tool {tool!r}; expected one of {tuple(EXPORTS)}')
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tasks = make_tasks(folder, proposals, names, classes, open_image, file_of)
    return EXPORTS[tool](folder, tasks, [str(name) for name in classes])
