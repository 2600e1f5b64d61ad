"""The layout ``'sidecars'``: a folder of images with text files of tags beside them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..bounds import LONGEST_LINE
from ..errors import LabelError
from ..label_table import LabelTable
from ..names import name_fault
from ..source_files import SIDECAR, files_below
from .builder import TableBuilder
from .cells import CellReader
from .class_names import ClassIndex
from .options import TableOptions
from .problems import Problems
from .separators import find_separator, splitter
from .source import SAMPLE
from .text_source import IMAGE_NAME


class Folder:
    """A folder of images as the source of a table. The place of an image is its name.

    Args:
        path: The folder.

    Raises:
        LabelError: If it holds no image.
    """

    kind = 'a folder of images'

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place_prefix = f'{path}/'
        self.position = 0
        files = sorted(name for name, _ in files_below(path))
        self.images = [name for name in files if IMAGE_NAME.fullmatch(name)]
        self.texts = [name for name in files if name.lower().endswith(SIDECAR)]
        if not self.images:
            raise LabelError(str(path), f'a folder without images ({len(files)} files)', 'images')

    def sidecars(self, problems: Problems) -> dict[str, str]:
        """Return the text file of each image that has one; collect the others as problems."""
        by_name = {name + SIDECAR: name for name in self.images}
        by_stem: dict[str, list[str]] = {}
        for name in self.images:
            by_stem.setdefault(os.path.splitext(name)[0] + SIDECAR, []).append(name)  # noqa: PTH122
        found: dict[str, str] = {}
        for text in self.texts:
            images = [by_name[text]] if text in by_name else by_stem.get(text, [])
            where = f'{self.place_prefix}{text}'
            if len(images) != 1:
                got = f'{len(images)} images' if images else 'a text file without an image'
                expected = (
                    f'one image of this name; or {images[0]}{SIDECAR}'
                    if images
                    else ('an image of this name beside it')
                )
                problems.append(LabelError(where, got, expected))
            elif found.setdefault(images[0], text) != text:
                got = f'a second text file for {images[0]}'
                problems.append(LabelError(where, got, 'one for each image'))
        return found


def read_sidecars(
    path: Path, index: ClassIndex, options: TableOptions, problems: Problems
) -> tuple[LabelTable, str]:
    """Read a folder of images; those without a text file have no tags.

    Args:
        path: The folder; images may lie in subfolders.
        index: Indices of the classes.
        options: How the tags are to be read.
        problems: Takes the problems.

    Returns:
        The table, and a note for the log.
    """
    folder = Folder(path)
    sidecars = folder.sidecars(problems)
    separator = options.separator
    if separator is None:
        cells = [_read(path / sidecars[image]) for image in list(sidecars)[:SAMPLE]]
        separator = find_separator(cells, None if index.inferred else index.names, '\n|;, ')
    reader = CellReader(index, splitter(separator), options)
    builder = TableBuilder(index, options.fill, folder, options, problems)
    for image in folder.images:
        ids: list[int] = []
        if expected := name_fault(image):
            problems.append(LabelError(f'{folder.place_prefix}{image}', repr(image), expected))
            continue
        if image in sidecars:
            try:
                ids, _ = reader.read([_read(path / sidecars[image])], [1])
            except (KeyError, ValueError, TypeError) as error:
                where = f'{folder.place_prefix}{sidecars[image]}'
                problems.append(reader.problem(where, error))
                continue
        builder.add(0, image, ids)
    note = (
        f'{path}: a folder of {len(folder.images)} images, {len(sidecars)} of them with a text file '
        + (f'of tags separated by {separator!r}' if separator else 'of one tag')
    )
    table = replace(builder.finish(merge=False), places=np.zeros(0, np.int64))
    return table, note


def _read(path: Path) -> str:
    if path.stat().st_size > LONGEST_LINE:
        got = f'a text file of more than {LONGEST_LINE >> 20} MiB'
        raise LabelError(str(path), got, 'the tags of an image')
    return path.read_text(encoding='utf-8-sig', errors='surrogateescape').strip()
