from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..labels import (
    COCO_CLASSES,
    Examination,
    LabelError,
    LabelList,
    examine_instances,
    examine_label_list,
)
from .missing_label import MissingLabelDataset


@DATASETS.register_module()
class COCOMissingLabel(MissingLabelDataset):
    """COCO 2014 as a multi-label set, complete or with labels dropped.

    Two sources: COCO's own ``instances_*.json``, from which ``protocol`` and ``seed`` drop labels, or
    a label list ``.txt`` as released with the paper (``name,ids``), which is used as it stands unless
    a protocol is given too. Images without any annotation are left out. Other classes than COCO's
    come with ``metainfo=dict(classes=...)``.

    Image files are looked at when they are loaded, not here; one that is missing or broken raises,
    it is never replaced by another.

    Args:
        ann_file: ``.json`` or ``.txt``, relative to ``data_root``.
        data_root: Root of ``ann_file`` and ``data_prefix``.
        data_prefix: Image folder, relative to ``data_root``.
        pipeline: Transforms.
        protocol: ``'full'`` (keep what the file says), ``'0.75left'``, ``'0.4left'`` or ``'single'``.
        seed: Of the drop.
        **kwargs: As for MMPretrain's ``MultiLabelDataset`` (``metainfo``, ``indices``, ...).

    Raises:
        FileNotFoundError: ``ann_file`` is not there.
        LabelError: ``ann_file`` is of another kind, or a line or object in it is wrong; says where.
        SampleError: On access, a file that cannot be loaded; names it and the line of its label.
        ValueError: The protocol is unknown.

    Source: data of arXiv 2112.07368.
    """

    METAINFO = {'classes': COCO_CLASSES}

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        data_prefix: str | dict = '',
        pipeline: Sequence = (),
        protocol: str = 'full',
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=data_prefix,
            pipeline=pipeline,
            protocol=protocol,
            seed=seed,
            **kwargs,
        )

    def read_labels(self) -> LabelList:
        if self.ann_file.endswith('.txt') and self.protocol != 'full':
            print_log(
                f'{self.ann_file} is a label list; protocol {self.protocol!r} drops labels '
                "from it again. For the list as it stands set protocol='full'.",
                logger='current',
                level=logging.WARNING,
            )
        return self.examine_labels().sound()

    def examine_labels(self) -> Examination:
        if not Path(self.ann_file).is_file():
            raise FileNotFoundError(
                f'no {self.ann_file}. The coco configs look for COCO 2014 (annotations/, train2014/, '
                'val2014/) in data/coco, or where the environment variable COCO_ROOT points; the '
                'photos configs for images and their lists in data/photos, or PHOTOS_ROOT'
            )
        if self.ann_file.endswith('.json'):
            return examine_instances(self.ann_file, self.CLASSES)
        if self.ann_file.endswith('.txt'):
            return examine_label_list(self.ann_file, len(self.CLASSES))
        raise LabelError(self.ann_file, 'a file of unknown kind', 'instances .json or list .txt')

    def inputs(self, names: list[str]) -> list[dict[str, Any]]:
        folder = f'{self.img_prefix}/' if self.img_prefix else ''
        return [{'img_path': folder + name} for name in names]

    def where(self, info: dict[str, Any]) -> str:
        place = self.ann_file
        if place.endswith('.txt'):
            (names, _), where, _ = examine_label_list(place, len(self.CLASSES))
            place = where(self.inputs(names).index({'img_path': info['img_path']}))
        return f'image {info["img_path"]} ({place})'
