"""Which options of ``tools/train.py`` train a config on a file of reviewed labels."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from ..datasets import COCOMissingLabel, TagTable

# Arguments that say how the earlier table is read, with the values that suit the new one.
FORMAT = {
    'layout': None, 'columns': None, 'separator': None, 'delimiter': None, 'values': None,
    'min_confidence': None, 'image_suffix': '',
}  # fmt: skip
CHANGED = set(' ,()[]\'"')  # by MMEngine's DictAction


def training_options(
    cfg: Config, out: str | os.PathLike[str], given: Sequence[str] = ()
) -> list[str] | None:
    """Return ``KEY=VALUE`` for each option that puts a file in place of the labels of a config.

    A protocol of the config is set to ``full``: it would drop labels of the reviewed file again.

    Args:
        cfg: Config whose training labels were reviewed.
        out: File of the result.
        given: Options with which the config was read; those that remain valid are kept.

    Returns:
        The options; None if the data set of the config does not read such a file, or MMEngine would
        change its path, as it does with spaces and commas in options.
    """
    path = Path(out).resolve()  # a relative one would be looked for under data_root
    key, dataset = 'train_dataloader.dataset', cfg.train_dataloader.dataset
    while 'dataset' in dataset:  # wrappers
        key, dataset = f'{key}.dataset', dataset['dataset']
    if set(str(path)) & CHANGED or not _reads(dataset, listed=path.suffix.lower() == '.txt'):
        return None
    changes: dict[str, Any] = {'ann_file': path}
    if dataset.get('protocol', 'full') != 'full':
        changes['protocol'] = 'full'
    changes |= {name: value for name, value in FORMAT.items() if name in dataset}
    replaced = tuple(f'{key}.{name}.' for name in changes)
    kept = [one for one in given if not f'{one.partition("=")[0]}.'.startswith(replaced)]
    return [*kept, *(f'{key}.{name}={value}' for name, value in changes.items())]


def _reads(dataset: Mapping[str, Any], listed: bool) -> bool:
    """Return whether the data set of a config reads a table, or a list of class indices."""
    kind = dataset['type']
    kind = kind if isinstance(kind, type) else DATASETS.get(kind)
    if not isinstance(kind, type):
        return False
    if issubclass(kind, TagTable):
        return not listed or 'classes' in dataset  # a list names no classes
    return issubclass(kind, COCOMissingLabel) and listed and 'classes' not in dataset
