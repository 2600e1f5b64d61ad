"""Scores, targets and names of images, collected batch by batch and from several processes."""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dist import get_comm_device, get_rank, get_world_size
from torch import Tensor
from torch import distributed as torch_dist

SLAB = 1 << 18  # entries of the smallest slab
GROWTH = 4  # a slab has room for a quarter of the images before it
EXCHANGE = 1 << 24  # bytes that a process sends at a time


class Images(NamedTuple):
    """Scores (n, C) float32, targets (n, C) int8, and names (n,) str, of n images."""

    scores: np.ndarray
    targets: np.ndarray
    names: np.ndarray


class Slab:
    """Arrays of a fixed size that batches fill one after the other."""

    def __init__(self, rows: int, like: Images) -> None:
        self._arrays = Images(*(_pages(rows, array) for array in like))
        self.filled = 0

    def fits(self, images: Images) -> bool:
        """Return whether there is room for more images, and for names of their length."""
        names = self._arrays.names
        return self.filled + len(images.names) <= len(names) and images.names.dtype <= names.dtype

    def add(self, images: Images) -> None:
        """Copy images into the next rows."""
        rows = slice(self.filled, self.filled + len(images.names))
        for array, values in zip(self._arrays, images, strict=True):
            array[rows] = values
        self.filled = rows.stop

    def images(self) -> Images:
        """Return what was added, as views."""
        return Images(*(array[: self.filled] for array in self._arrays))


def _pages(rows: int, like: np.ndarray) -> np.ndarray:
    """Return an array in pages of its own, which go back to the system at once when it is freed.

    ``malloc`` keeps those of earlier slabs, beside which the joined array would stand; and what it
    keeps for long between the tensors of two batches leaves holes that the next batch does not fit.
    """
    shape = (rows, *like.shape[1:])
    count = math.prod(shape)
    pages = mmap.mmap(-1, max(count * like.dtype.itemsize, 1))
    return np.frombuffer(pages, like.dtype, count).reshape(shape)


def collect(slabs: list[Slab], images: Images) -> None:
    """Add a batch to the last slab, or to a new one if that is full.

    Slabs grow with what was collected. Many would leave small objects between the tensors of batches:
    holes in the heap that no later batch fits. Pages that nothing was written to take no memory.
    """
    if not slabs or not slabs[-1].fits(images):
        rows, classes = images.scores.shape
        before = sum(slab.filled for slab in slabs)
        slabs.append(Slab(max(rows, SLAB // max(classes, 1), before // GROWTH), images))
    slabs[-1].add(images)


def join(parts: list[Images]) -> Images:
    """Return all images in one piece; each part is taken off the list, and freed, once it is copied.

    Args:
        parts: Parts of any length, at least one; the list is empty afterwards.
    """
    total = sum(len(part.names) for part in parts)
    scores = np.empty((total, parts[0].scores.shape[1]), np.float32)
    targets = np.empty(scores.shape, np.int8)
    names = []
    start = 0
    parts.reverse()
    while parts:
        part = parts.pop()
        rows = slice(start, start + len(part.names))
        scores[rows], targets[rows] = part.scores, part.targets
        names.append(part.names)
        start = rows.stop
    return Images(scores, targets, np.concatenate(names))


def gather(own: Images | None, size: int) -> Images | None:
    """Return the images of all processes, in the order of the data set, in the first process.

    Image i of process r is image ``i * processes + r`` of the data set, as MMEngine's samplers deal
    them out; images that they repeat at the end are dropped. Arrays are exchanged in blocks.

    Args:
        own: Images of this process; None for none.
        size: Number of images in the data set.

    Returns:
        The images, None if there is none at all; None in the other processes.
    """
    processes = get_world_size()
    if processes == 1:
        return own and Images(*(array[:size] for array in own))
    classes, width = (0, 1) if own is None else (own.scores.shape[1], own.names.itemsize // 4)
    mine = torch.tensor([0 if own is None else len(own.names), classes, max(width, 1)])
    counts, all_classes, widths = torch.stack(_all_gather(mine)).T.tolist()
    classes, width = max(all_classes), max(widths)
    if own is None:
        own = Images(np.empty((0, classes)), np.empty((0, classes)), np.empty(0, 'U1'))
    codes = own.names.astype(f'U{width}').view(np.int32).reshape(-1, width)
    arrays = own.scores.astype(np.float32, copy=False), own.targets.astype(np.int8, copy=False)
    whole = [_gather_rows(array, counts, processes) for array in (*arrays, codes)]
    if get_rank() != 0 or not sum(counts):
        return None
    scores, targets, codes = (array[:size] for array in whole)
    return Images(scores, targets, np.ascontiguousarray(codes).view(f'U{width}').reshape(-1))


def _gather_rows(array: np.ndarray, counts: Sequence[int], processes: int) -> np.ndarray:
    """Return the rows of all processes, dealt out in turn, in the first; nothing in the others."""
    step = max(EXCHANGE // max(array.itemsize * array.shape[1], 1), 1)
    first, most = get_rank() == 0, max(counts)
    whole = np.empty((most * processes if first else 0, array.shape[1]), array.dtype)
    for start in range(0, most, step):
        rows = min(step, most - start)
        block = torch.zeros((rows, array.shape[1]), dtype=torch.from_numpy(array[:0]).dtype)
        part = np.ascontiguousarray(array[start : start + rows])
        block[: len(part)] = torch.from_numpy(part)
        for process, got in enumerate(_gather(block)):
            whole[start * processes + process : (start + rows) * processes : processes] = (
                got.numpy()
            )
    if first and min(counts) < most:  # a sampler that does not fill up
        places = np.arange(most * processes)
        whole = whole[places // processes < np.array(counts)[places % processes]]
    return whole


def _all_gather(tensor: Tensor) -> list[Tensor]:
    tensor = tensor.to(get_comm_device())
    parts = [torch.empty_like(tensor) for _ in range(get_world_size())]
    torch_dist.all_gather(parts, tensor)
    return [part.cpu() for part in parts]


def _gather(tensor: Tensor) -> Iterable[Tensor]:
    tensor = tensor.to(get_comm_device())
    first = get_rank() == 0
    parts = [torch.empty_like(tensor) for _ in range(get_world_size())] if first else None
    torch_dist.gather(tensor, parts)
    return (part.cpu() for part in parts or ())
