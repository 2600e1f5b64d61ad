"""One image in two places: twice in a data set, or in training and in validation."""

from __future__ import annotations

import os
from collections.abc import Iterator

from .images import ImageReport
from .problem import Problem
from .sources import Source


def doubles(source: Source, images: dict[str, ImageReport]) -> Iterator[Problem]:
    """Files of a data set that are the same byte for byte.

    Args:
        source: The data set.
        images: By path, what was found in the file.
    """
    first: dict[bytes | str, int] = {}
    for index, path in enumerate(source.paths):
        key = _key(path, images)
        before = first.setdefault(key, index) if key else index
        if path != source.paths[before]:  # a name that stands twice is a label's problem
            same = source.complete[before] == source.complete[index]
            labels = 'the same' if same else 'other'
            got = f'the same picture as {source.paths[before]}, with {labels} labels'
            where = source.where(index)
            yield Problem('warning', 'double', source.split, where, path, got, 'each picture once')


def leaks(sources: list[Source], images: dict[str, ImageReport]) -> Iterator[Problem]:
    """Images that are trained on and validated or tested on.

    The same bytes are an error. The same name alone is a warning: numbered files often share names.

    Args:
        sources: All data sets.
        images: By path, what was found in the file.
    """
    training = [source for source in sources if source.split.startswith('train')]
    seen = {
        key: f'{path} ({source.where(index)})'
        for source in training
        for index, path in enumerate(source.paths)
        if (key := _key(path, images))
    }
    names = {name for source in training for name in source.names}
    for source in sources:
        if source in training:
            continue
        shared = []
        for index, (name, path) in enumerate(zip(source.names, source.paths)):
            key = _key(path, images)
            if key in seen:
                got = f'an image of training: {seen[key]}'
                where, expected = source.where(index), 'images that training does not see'
                yield Problem('error', 'leak', source.split, where, path, got, expected)
            elif name in names:
                shared.append(name)
        if shared:
            got = f'{len(shared)} names that training has too, such as {shared[0]!r}'
            expected = 'other names; the files are not the same, or could not be read'
            yield Problem('warning', 'name', source.split, '', '', got, expected)


def _key(path: str | None, images: dict[str, ImageReport]) -> bytes | str | None:
    """What two entries have in common that show the same: the bytes, or else the place."""
    if path is None:
        return None
    return images[path].digest or os.path.abspath(path)  # noqa: PTH100  also of a name that no file can have
