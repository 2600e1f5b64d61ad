"""Images prepared for a network, in batches, by worker processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmpretrain.registry import TRANSFORMS
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from ..labels import DataError
from ..runtime.data_workers import bind_workers
from ..runtime.type_name import type_name
from .images import pixels_of

_BROKEN = (OSError, ValueError, cv2.error, Image.DecompressionBombError)


class Loaded(NamedTuple):
    """An image that was loaded.

    Attributes:
        name: Name of the image.
        packed: What the pipeline returns, for the network; None if the image is broken.
        error: Why the image could not be read; None if it could.
    """

    name: str
    packed: Any
    error: str | None = None


class Preparation:
    """The test pipeline of a config, for files as well as for images in memory.

    Args:
        cfg: Config of the model.
    """

    def __init__(self, cfg: Config) -> None:
        steps = cfg.test_dataloader.dataset.pipeline
        loads = [_strict(step) for step in steps if type_name(step).startswith('Load')]
        self._channels = len(cfg.model.data_preprocessor.mean)
        colour = 'grayscale' if self._channels == 1 else 'color'
        load = loads or [{'type': 'mmpretrain_mlml.LoadWholeImage', 'color_type': colour}]
        self._from_file = Compose([TRANSFORMS.build(step) for step in load])
        rest = [step for step in steps if not type_name(step).startswith('Load')]
        self._rest = Compose([TRANSFORMS.build(step) for step in rest])

    def __call__(self, image: Path | np.ndarray | Image.Image) -> Any:
        """Return a packed image.

        Args:
            image: Path, or an image as :func:`~.images.pixels_of` takes it.

        Raises:
            OSError, ValueError: If the image cannot be read.
        """
        if isinstance(image, Path):
            if not image.is_file():
                raise FileNotFoundError(f'no such file: {image}')
            return self._rest(self._from_file({'img_path': str(image)}))
        pixels = pixels_of(image, self._channels)
        return self._rest(
            {'img': pixels, 'img_shape': pixels.shape[:2], 'ori_shape': pixels.shape[:2]}
        )


def load_batches(
    batches: Iterable[list[tuple[str, Any]]], prepare: Preparation, workers: int = 0
) -> Iterator[list[Loaded]]:
    """Yield batches of loaded images, in order; a few batches for each worker are in memory.

    Args:
        batches: Batches of names and images.
        prepare: Preparation of an image.
        workers: Number of processes that load, >= 0; 0 loads in this one.
    """
    loader: Any = DataLoader(
        _Images(prepare),
        batch_sampler=batches,  # the images stand for their indices
        num_workers=workers,
        collate_fn=list,
    )
    if workers:
        bind_workers(loader)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(0)  # a worker that is forked beside threads of OpenCV waits for them for ever
    try:
        loaded = iter(loader)
    finally:
        cv2.setNumThreads(threads)
    yield from loaded


def in_batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of ``size`` items; the last may be shorter.

    >>> list(in_batches('abc', 2))
    [['a', 'b'], ['c']]
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


class _Images(Dataset):
    """Loads what it is given in place of an index, so that a generator can feed worker processes."""

    def __init__(self, prepare: Preparation) -> None:
        self._prepare = prepare

    def __getitem__(self, given: Any) -> Loaded:
        name, image = given
        try:
            return Loaded(name, self._prepare(image))
        except _BROKEN as error:
            reason = error.finding if isinstance(error, DataError) else error  # the name is known
            return Loaded(name, None, str(reason) or type(error).__name__)


def _strict(step: Any) -> Any:
    """Return a loader that gives the same for a whole image, and an error for any other file."""
    if type_name(step) != 'LoadImageFromFile':
        return step
    kept = {key: value for key, value in step.items() if key != 'ignore_empty'}
    return {**kept, 'type': 'mmpretrain_mlml.LoadWholeImage'}
