"""Which options of ``tools/train.py`` train a config on a file of reviewed labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from ..datasets import COCOMissingLabel, TagTable

# How the earlier table was read, and what says so of a file from write_tag_table: nothing.
UNSAID = {
    'layout': None, 'columns': None, 'separator': None, 'delimiter': None, 'values': None,
    'min_confidence': None, 'image_suffix': '',
}  # fmt: skip
CHANGED = set(' ,()[]\'"')  # by MMEngine's DictAction


def training_options(cfg: Config, out: str | os.PathLike[str]) -> list[str] | None:
    """Return ``KEY=VALUE`` for each option that puts a file in place of the labels of a config.

    A protocol of the config is set to ``full``: it would drop labels of the reviewed file again.

    Args:
        cfg: Config whose training labels were reviewed.
        out: File of the result.

    Returns:
        The options; None if the data set of the config does not read such a file, or MMEngine would
        change its path, as it does with spaces and commas in options.
    """
    path = Path(out).resolve()  # a relative one would be looked for under data_root
    key, dataset = 'train_dataloader.dataset', cfg.train_dataloader.dataset
    while 'dataset' in dataset:  # wrappers
        key, dataset = f'{key}.dataset', dataset['dataset']
    kind = dataset['type'] if isinstance(dataset['type'], type) else DATASETS.get(dataset['type'])
    is_table = isinstance(kind, type) and issubclass(kind, TagTable)
    is_list = isinstance(kind, type) and issubclass(kind, COCOMissingLabel)
    listed = path.suffix.lower() == '.txt'
    if not is_table and not (is_list and listed and 'classes' not in dataset):
        return None
    if set(str(path)) & CHANGED:
        return None
    changes: dict[str, Any] = {'ann_file': path}
    if dataset.get('protocol', 'full') != 'full':
        changes['protocol'] = 'full'
    if is_table:
        changes |= {name: value for name, value in UNSAID.items() if name in dataset}
    return [f'{key}.{name}={value}' for name, value in changes.items()]
