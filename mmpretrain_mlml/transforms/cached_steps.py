"""The first steps of a pipeline, whose results are kept for the next epochs."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL
import torch
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log
from mmpretrain.registry import TRANSFORMS

from ..version import __version__
from .image_store import DamagedImage, ImageStore

# Steps that always give the same result for the same file.
LOADING = ('LoadImageFromFile', 'LoadWholeImage')
RESIZING = ('CenterCrop', 'Resize', 'ResizeEdge', 'SmoothResize')
_VERSIONS = (__version__, cv2.__version__, torch.__version__, PIL.__version__)


@TRANSFORMS.register_module()
class CachedSteps(BaseTransform):
    """Steps that load and resize an image, whose result is kept in files for the next time.

    The next epoch, and every other process and run with the same steps, maps the resized image from
    its file. Pixels are the same with and without the cache. An entry belongs to the steps, the
    versions of the libraries, and path, size and modification time of the image file; if one of these
    changes, the image is loaded again. Entries have a checksum; a damaged one is reported and
    replaced. If the disk or the cache is full, nothing is added, which is reported once; training
    goes on. The files may be deleted at any time.

    Data sets of this package insert it themselves: see ``image_cache`` of
    :class:`~mmpretrain_mlml.datasets.MissingLabelDataset`.

    Args:
        transforms: Configs of the steps: ``LoadWholeImage`` or ``LoadImageFromFile``, then any of
            ``SmoothResize``, ``Resize``, ``ResizeEdge`` and ``CenterCrop``.
        folder: Folder of the cache, on a fast local disk. Different pipelines may share it.
        gigabytes: Largest size of the cache, in 10^9 bytes. At least 1 GB of the disk is left free.

    Raises:
        ValueError: If a step is another one, or ``gigabytes`` is not positive.
        OSError: If the folder cannot be made.
    """

    def __init__(
        self, transforms: Sequence[dict], folder: str | os.PathLike[str], gigabytes: float = 10
    ) -> None:
        if gigabytes <= 0:
            raise ValueError(f'expected gigabytes > 0, got {gigabytes}')
        names = [_name(step) for step in transforms]
        if not names or names[0] not in LOADING or not set(names[1:]) <= set(RESIZING):
            raise ValueError(
                f'the steps {names} cannot be cached: expected one of {LOADING}, then any of '
                f'{RESIZING}'
            )
        self.transforms = [TRANSFORMS.build(dict(step)) for step in transforms]
        self.store = ImageStore(folder, int(gigabytes * 1e9))
        self.steps = json.dumps(
            [_VERSIONS, [dict(step) for step in transforms]], sort_keys=True, default=str
        )
        self._reported: set[str] = set()

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load and resize the image of a sample, or take it from the cache.

        Raises:
            ValueError: If the image is not a file that can be identified.
        """
        if 'img_path' not in results:  # an image in memory
            return self._run(results)
        key = self._key(results['img_path'])
        found = self._read(key) if key else None
        if found is not None:
            image, extra = found
            # Steps that follow may change a copy, which is cheaper than to change mapped pages.
            return {**results, **_tuples(extra), 'img': image.copy()}
        done = self._run(results)
        if not key:
            raise ValueError(
                f'{results["img_path"]}: only files of a local or mounted disk are cached'
            )
        extra = {name: value for name, value in done.items() if value is not results.get(name)}
        del extra['img']
        self._write(key, done['img'], extra)
        return done

    def _run(self, results: dict[str, Any]) -> dict[str, Any]:
        results = dict(results)
        for step in self.transforms:
            results = step(results)
        return results

    def _key(self, path: str) -> str:
        try:
            stat = Path(path).stat()
        except OSError:  # the loader says what is wrong
            return ''
        identity = (self.steps, str(Path(path).absolute()), stat.st_size, stat.st_mtime_ns)
        return blake2b(repr(identity).encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()

    def _read(self, key: str) -> tuple[np.ndarray, Any] | None:
        try:
            return self.store.read(key)
        except DamagedImage as error:
            self._report('damaged', f'{error}; it is made again, as others that may be damaged')
        except OSError as error:
            self._report('unreadable', f'cannot be read ({error}); images are loaded instead')
        return None

    def _write(self, key: str, image: np.ndarray, extra: dict[str, Any]) -> None:
        try:
            if not self.store.write(key, image, extra):
                self._report(
                    'full', 'full, or its disk is; images that it lacks are loaded each time'
                )
        except OSError as error:
            self._report('unwritable', f'cannot be written ({error}); it stays as it is')

    def _report(self, kind: str, message: str) -> None:
        """Log a problem, the first time that this process has it."""
        if kind not in self._reported:
            self._reported.add(kind)
            print_log(f'image cache {self.store.folder}: {message}', 'current', logging.WARNING)

    def __repr__(self) -> str:
        folder = str(self.store.folder)
        return f'{type(self).__name__}(transforms={self.transforms}, folder={folder!r})'


def cache_first_steps(pipeline: Sequence[Any], options: Mapping[str, Any] | str) -> list[Any]:
    """Return a pipeline whose first steps, as far as they can be cached, are one ``CachedSteps``.

    Args:
        pipeline: Configs of transforms.
        options: Arguments of ``CachedSteps``, or its folder alone.

    Raises:
        ValueError: If the pipeline does not begin with a step that loads and one that resizes.
    """
    arguments = {'folder': options} if isinstance(options, str) else dict(options)
    names = [_name(step) if isinstance(step, Mapping) else '' for step in pipeline]
    count = 1
    while count < len(names) and names[count] in RESIZING:
        count += 1
    if count == 1 or names[0] not in LOADING:
        raise ValueError(
            f'image_cache: the pipeline begins with {names[:2]}; expected one of {LOADING}, then one '
            f'of {RESIZING}'
        )
    first = {
        'type': 'mmpretrain_mlml.CachedSteps',
        'transforms': list(pipeline[:count]),
        **arguments,
    }
    return [first, *pipeline[count:]]


def _name(step: Mapping[str, Any]) -> str:
    return str(step['type']).rpartition('.')[2]


def _tuples(extra: dict[str, Any]) -> dict[str, Any]:
    """Return values with tuples, as the transforms give them, in place of the lists of JSON."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in extra.items()}
