"""The layout ``'ids'``: the released lists ``name,ids``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..bounds import read_whole
from ..label_table import LabelTable
from ..lists import parse_label_list
from .class_names import ClassIndex
from .options import TableOptions
from .problems import Problems


def read_ids(
    path: Path, index: ClassIndex, options: TableOptions, problems: Problems
) -> tuple[LabelTable, str]:
    """Read a list of images with the indices of their classes.

    Args:
        path: The list.
        index: Indices of the classes; without a class list, classes are called by their indices.
        options: How the list is to be read.
        problems: Takes the problems.

    Returns:
        The table, and a note for the log.
    """
    names = index.names
    if index.inferred:
        content = read_whole(path, 'write it as a table .csv, which is read row by row')
        ids = re.findall(rb'(?<=[\s,])[0-9]{1,7}(?=\s|$)', content)
        names = [str(number) for number in range(1 + max(map(int, ids), default=-1))]
    parsed = parse_label_list(path, len(names))
    for problem in parsed.problems:
        problems.append(problem)
    images, labels = parsed.labels
    table = LabelTable.from_positives(
        [name + options.image_suffix for name in images], labels, names, options.fill
    )
    prefix = f'{path}:'
    lines = [int(parsed.location_of(row).removeprefix(prefix)) for row in range(len(images))]
    table = replace(table, source=str(path), places=np.array(lines, np.int64), place_prefix=prefix)
    return table, f'{path}: a list of images with class indices'
