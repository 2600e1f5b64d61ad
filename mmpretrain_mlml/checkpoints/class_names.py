"""The class names that a checkpoint was trained on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..runtime.label_checks import class_difference
from .thresholds import read_meta
from .weights import CheckpointError


def check_trained_classes(
    path: str | os.PathLike[str], classes: Sequence[str], meta: Mapping[str, Any] | None = None
) -> None:
    """Compare the classes that a checkpoint was trained on with those of the config it is used with.

    Another order would give every image other tags. A checkpoint that names no classes passes.

    Args:
        path: Checkpoint file. It is loaded as data, never as code.
        classes: C class names.
        meta: Its meta data, if they have been read already.

    Raises:
        CheckpointError: If names or order differ; names the first difference.
        FileNotFoundError: If there is no such file.
        RuntimeError: If the file is refused, or damaged.
    """
    about = (read_meta(path) if meta is None else meta).get('dataset_meta')
    trained = about.get('classes') if isinstance(about, Mapping) else None
    if not isinstance(trained, Sequence) or isinstance(trained, str):
        return
    if difference := class_difference(list(trained), list(classes)):
        found = difference.format('the checkpoint', 'the config')
        raise CheckpointError(
            f'{path} was trained on other classes: {found}; give the class list of the training'
        )
