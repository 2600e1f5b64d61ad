"""A data set of digit scenes that needs no download."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from mmpretrain.registry import DATASETS

from ..labels import LabelList, ParsedLabels
from ..labels.protocols.building import ProtocolSpec
from .missing_label import MissingLabelDataset

CELL, GRID = 16, 3  # a canvas is GRID x GRID cells of CELL pixels, at most one digit in each


@DATASETS.register_module()
class DigitScenes(MissingLabelDataset):
    """Scenes of real handwritten digits: a small multi-label data set that needs no download.

    Each image shows 1 to 6 of scikit-learn's 1,797 scanned digits on a canvas of 48 x 48 grey pixels.
    Its label is the set of digits present. Training and test scenes use different scans. All labels
    are known: the same protocols as for COCO can drop some, and the damage can be measured. Scenes
    are made at construction and are the same on every machine.

    Args:
        split: ``'train'`` or ``'test'``.
        size: Number of scenes.
        protocol: ``'full'``, ``'0.75left'``, ``'0.4left'``, ``'single'``, or another as for
            :class:`MissingLabelDataset`.
        seed: Seed for dropping labels; the scenes do not depend on it.
        pipeline: Transforms. They get the image under ``img``, (48, 48, 1) uint8.
        **kwargs: As for :class:`MissingLabelDataset` (``unknown``) and MMPretrain's
            ``MultiLabelDataset``.

    Raises:
        ValueError: If the split or the protocol is unknown.
    """

    METAINFO = {'classes': tuple('0123456789')}

    def __init__(
        self,
        split: str = 'train',
        size: int = 27000,
        protocol: ProtocolSpec = 'full',
        seed: int = 0,
        pipeline: Sequence = (),
        **kwargs: Any,
    ) -> None:
        if split not in ('train', 'test'):
            raise ValueError(f"unknown split {split!r}; expected 'train' or 'test'")
        self.split = split
        self.size = size
        super().__init__(ann_file='', pipeline=pipeline, protocol=protocol, seed=seed, **kwargs)

    def load_labels(self) -> ParsedLabels:
        """Return the digits of each scene; its name, such as ``'train/000012'``, is its place."""
        names = [f'{self.split}/{index:06d}' for index in range(self.size)]
        _, labels = make_scenes(self.split, self.size)
        return ParsedLabels(LabelList(names, labels), names.__getitem__, [])

    def inputs(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return the image of each scene."""
        images, _ = make_scenes(self.split, self.size)
        return [{'img': image} for image in images]


@lru_cache(maxsize=2)
def make_scenes(split: str, size: int) -> tuple[np.ndarray, list[list[int]]]:
    """Draw scenes.

    Args:
        split: ``'train'`` or ``'test'``; each uses other scans.
        size: Number of scenes N.

    Returns:
        Images (N, 48, 48, 1) uint8 and N lists of the digits present, ascending.
    """
    from sklearn.datasets import load_digits  # used here only

    scans, values = load_digits(return_X_y=True)
    scans = (scans.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    split_scans = slice(None, 1200) if split == 'train' else slice(1200, None)
    scans, values = scans[split_scans], values[split_scans]

    random = np.random.RandomState(0 if split == 'train' else 1)  # numpy keeps its stream unchanged
    images = np.zeros((size, GRID * CELL, GRID * CELL, 1), np.uint8)
    labels = []
    for image in images:
        cells = random.permutation(GRID * GRID)[: random.randint(1, 7)]
        picks = random.randint(len(scans), size=len(cells))
        for cell, pick in zip(cells, picks):
            side = random.randint(10, CELL + 1)
            top, left = (
                random.randint(CELL - side + 1, size=2) + np.array(divmod(cell, GRID)) * CELL
            )
            scan = cv2.resize(scans[pick], (side, side), interpolation=cv2.INTER_LINEAR_EXACT)
            image[top : top + side, left : left + side, 0] = scan
        labels.append(sorted({int(values[pick]) for pick in picks}))
    return images, labels
