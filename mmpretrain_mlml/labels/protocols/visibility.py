"""Small and off-centre objects are missed first."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import LabelError
from ..label_table import LabelTable
from .base import DropProtocol, classes_of_positives, images_of_positives
from .draws import draw_positives
from .published import check_protocol
from .rules import PaperRule

NEAREST = 0.01  # closeness of an object at the very corner


@dataclass(frozen=True)
class SizeBiased(DropProtocol):
    r"""Small and off-centre objects lose their label first, in numbers as under a rule of the paper.

    Every image keeps as many labels as under ``rule``. Which ones is drawn without replacement, with
    weights

    .. math:: w = \max_{objects} (area / image\ area)^{size} \, (1 - distance)^{position}

    over the objects of the class in the image, with the distance of the box's centre from the
    image's, from 0 to 1 at a corner. ``size=1, position=0`` draws in proportion to the area,
    ``size=0, position=0`` uniformly.

    Args:
        rule: ``'0.75left'``, ``'0.4left'`` or ``'single'``.
        size: Exponent of the area.
        position: Exponent of the closeness to the centre.
        annotations: COCO's ``instances_*.json`` with the objects of the images; None for the source
            of the labels, if that is such a file.

    Raises:
        ValueError: If the rule is unknown or an exponent is no number; when applied, if
            ``annotations`` is missing.
        LabelError: When applied, if a label has no object in ``annotations``; names the image.
        ImportError: When applied, without pycocotools.

    Source: sizes and positions by pycocotools. Size- and location-biased single labels: arXiv
    2305.15584, where the bias of size costs 7 mAP.
    """

    rule: str = '0.4left'
    size: float = 1.0
    position: float = 0.0
    annotations: str | None = field(default=None, metadata={'drawn': False})

    def __post_init__(self) -> None:
        check_protocol(self.rule)
        for name in ('size', 'position'):
            value = getattr(self, name)
            if isinstance(value, (bool, str)) or not np.isfinite(value):
                raise ValueError(f'expected {name} to be a number, got {value!r}')

    def kept(self, table: LabelTable, seed: int) -> np.ndarray:
        weights = self.weights(table)
        with np.errstate(divide='ignore'):  # a draw of 0 goes last
            order_of = -np.log(draw_positives(self.key(seed), table)) / weights
        images = images_of_positives(table)
        order = np.lexsort((order_of, images))
        lengths = table.labels_per_image()
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        kept: np.ndarray = rank < PaperRule(self.rule).counts_kept(table)[images]
        return kept

    def expected_present(self, table: LabelTable) -> float:
        return PaperRule(self.rule).expected_present(table)

    def weights(self, table: LabelTable) -> np.ndarray:
        """Return the weight of each positive label, in the order of the table, (P,)."""
        visible = _visibility(self._file(table), table.classes, self.size, self.position)
        labels = zip(images_of_positives(table).tolist(), classes_of_positives(table).tolist())
        weights = np.empty(len(classes_of_positives(table)))
        for index, (row, label) in enumerate(labels):
            name = table.names[row]
            weight = visible.get((name, label))
            if weight is None:
                got = f'no {table.classes[label]!r} in {name!r} of {self._file(table)}'
                raise LabelError(table.location_of(row), got, 'an object of each labelled class')
            weights[index] = weight
        return weights

    def _file(self, table: LabelTable) -> str:
        source = self.annotations or table.source
        if not source.endswith('.json'):
            raise ValueError(
                f"{self} needs the objects of the images: set annotations to COCO's instances_*.json "
                f'(the labels come from {table.source or "no file"})'
            )
        return source


def _visibility(
    path: str, classes: Iterable[str], size: float, position: float
) -> dict[tuple[str, int], float]:
    """Return the weight of the most visible object of each class in each image."""
    coco = _read(path)
    index_of = {name: index for index, name in enumerate(classes)}
    label_of = {category['id']: index_of.get(category['name']) for category in coco.cats.values()}
    best: dict[tuple[str, int], float] = {}
    for annotation in coco.anns.values():
        label = label_of.get(annotation['category_id'])
        if label is None:
            continue
        image = coco.imgs[annotation['image_id']]
        width, height = image['width'], image['height']
        left, top, box_width, box_height = annotation['bbox']
        offset = (left + box_width / 2) / width - 0.5, (top + box_height / 2) / height - 0.5
        # relative to the half diagonal, in pixels
        away = np.hypot(offset[0] * width, offset[1] * height) / (np.hypot(width, height) / 2)
        area = max(float(annotation['area']), 1.0) / (width * height)  # COCO has objects of area 0
        weight = area**size * max(1 - float(away), NEAREST) ** position
        key = image['file_name'], label
        best[key] = max(best.get(key, 0.0), weight)
    return best


def _read(path: str) -> Any:
    """Return the annotations as pycocotools reads them, which prints."""
    try:
        from pycocotools.coco import COCO  # used here only
    except ImportError as error:
        raise ImportError(
            'SizeBiased needs pycocotools for the objects of COCO: pip install "mmpretrain_mlml[coco]"'
        ) from error
    if not Path(path).is_file():
        raise FileNotFoundError(f"no {path}: SizeBiased needs COCO's instances_*.json")
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(path)
