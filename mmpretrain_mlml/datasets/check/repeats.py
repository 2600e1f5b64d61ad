"""Images that occur twice: in a data set, or in training and validation."""

from __future__ import annotations

import os
from collections.abc import Iterator

from .images import ImageReport
from .problem import Problem
from .sources import Source


def duplicates(source: Source, images: dict[str, ImageReport]) -> Iterator[Problem]:
    """Yield a problem for each file that repeats another of the data set byte for byte.

    Args:
        source: The data set.
        images: Report of each file, by path.
    """
    first: dict[bytes | str, int] = {}
    for index, path in enumerate(source.paths):
        if path is None:
            continue
        earlier = first.setdefault(_key(path, images), index)
        if path != source.paths[earlier]:  # a repeated path is a problem of the labels
            same = source.complete[earlier] == source.complete[index]
            labels = 'the same' if same else 'other'
            got = f'the same picture as {source.paths[earlier]}, with {labels} labels'
            where = source.where(index)
            yield Problem('warning', 'double', source.split, where, path, got, 'each picture once')


def leaks(sources: list[Source], images: dict[str, ImageReport]) -> Iterator[Problem]:
    """Yield a problem for each validation or test image that is also a training image.

    Equal bytes are an error. Equal names alone are a warning: numbered files often share names.

    Args:
        sources: All data sets.
        images: Report of each file, by path.
    """
    training = [source for source in sources if source.split.startswith('train')]
    trained_on = {
        _key(path, images): f'{path} ({source.where(index)})'
        for source in training
        for index, path in enumerate(source.paths)
        if path is not None
    }
    names = {name for source in training for name in source.names}
    for source in sources:
        if source in training:
            continue
        shared = []
        for index, (name, path) in enumerate(zip(source.names, source.paths)):
            if path is not None and (same := trained_on.get(_key(path, images))):
                got = f'an image of training: {same}'
                where, expected = source.where(index), 'images that training does not use'
                yield Problem('error', 'leak', source.split, where, path, got, expected)
            elif name in names:
                shared.append(name)
        if shared:
            got = f'{len(shared)} names that training has too, such as {shared[0]!r}'
            expected = 'other names; the files are not the same, or could not be read'
            yield Problem('warning', 'name', source.split, '', '', got, expected)


def _key(path: str, images: dict[str, ImageReport]) -> bytes | str:
    """Return what equal images have in common: the digest of the file, or else its path."""
    return images[path].digest or os.path.abspath(path)  # noqa: PTH100  accepts names that no file can have
