"""COCO with missing labels."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from mmpretrain.registry import DATASETS

from ..labels import COCO_CLASSES, LabelError, ParsedLabels, parse_instances, parse_label_list
from ..labels.protocols.building import ProtocolSpec
from ..labels.subset import select_classes
from .listed_classes import listed_classes
from .missing_label import MissingLabelDataset


@DATASETS.register_module()
class COCOMissingLabel(MissingLabelDataset):
    """COCO 2014 or 2017 as a multi-label data set, complete or with missing labels.

    There are two sources. From COCO's own ``instances_*.json``, ``protocol`` and ``seed`` drop labels.
    A label list ``.txt`` as released with the paper (``name,ids``) is used as it is, unless a protocol
    is given, too. ``metainfo=dict(classes=...)`` sets other classes than COCO's.

    ``classes=(...)``, as in all data sets of MMPretrain, may name some of the classes of the source,
    in any order: labels of the others are left out, and labels are positions in ``classes``. An
    instances file has its categories; a list has the classes of ``metainfo``, or COCO's.

    Image files are read when a sample is accessed, not at construction. A missing or broken file
    raises an error; no other image is substituted.

    Args:
        ann_file: Annotation file ``.json`` or label list ``.txt``, relative to ``data_root``.
        data_root: Root of ``ann_file`` and ``data_prefix``.
        data_prefix: Image folder, relative to ``data_root``.
        pipeline: Transforms.
        protocol: ``'full'`` (keep all labels of the file), ``'0.75left'``, ``'0.4left'``,
            ``'single'``, or another as for :class:`MissingLabelDataset`.
        seed: Seed for dropping labels.
        keep_unlabelled: Whether images of an instances file without annotations are kept, with no
            label, and images of a list without a label of the chosen ``classes``. By default they are
            left out, as in the paper; the log says how many.
        cache: Whether the labels of an instances file are kept in a hidden file beside it, which
            starts faster; None for files of 4 MB and more.
        metainfo: Information about the data set; ``classes`` in it are all classes of the source.
        classes: Names of the classes to keep, or a file of names, one a line; None for all.
        **kwargs: As for :class:`MissingLabelDataset` (``unknown``) and MMPretrain's
            ``MultiLabelDataset`` (``indices``, ...).

    Raises:
        FileNotFoundError: If there is no ``ann_file``.
        LabelError: If ``ann_file`` is of another kind, or an entry of it is invalid; says where.
        SampleError: On access, if a file cannot be loaded; names it and where its label stands.
        ValueError: If the protocol is unknown, or ``classes`` are not among those of ``metainfo``.

    Source: data of arXiv 2112.07368.
    """

    METAINFO = {'classes': COCO_CLASSES}

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        data_prefix: str | dict = '',
        pipeline: Sequence = (),
        protocol: ProtocolSpec = 'full',
        seed: int = 0,
        keep_unlabelled: bool = False,
        cache: bool | None = None,
        metainfo: dict[str, Any] | None = None,
        classes: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.keep_unlabelled = keep_unlabelled
        self.cache = cache
        self._left_out = 0  # images without labels
        self._note = ''  # what the ids of a list were taken for
        self._chosen = classes is not None
        self._listed = listed_classes(metainfo, classes)  # what the ids of a list are positions of
        if self._listed is not None:  # MMPretrain would take those of metainfo
            metainfo = {**(metainfo or {}), 'classes': tuple(classes or ())}
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=data_prefix,
            pipeline=pipeline,
            protocol=protocol,
            seed=seed,
            metainfo=metainfo,
            classes=classes,
            **kwargs,
        )

    def load_labels(self) -> ParsedLabels:
        """Parse ``ann_file``.

        Raises:
            FileNotFoundError: If there is no such file.
        """
        if not Path(self.ann_file).is_file():
            raise FileNotFoundError(f'no {self.ann_file}{_hint(self.ann_file)}')
        if self.ann_file.endswith('.json'):
            subset = tuple(self.CLASSES) != COCO_CLASSES
            parsed = parse_instances(
                self.ann_file, self.CLASSES, self.keep_unlabelled, subset, self.cache
            )
            self._left_out = parsed.left_out
            return parsed
        if self._is_list():
            return self._load_list()
        expected = 'instances .json or list .txt'
        return ParsedLabels.unreadable(
            LabelError(self.ann_file, 'a file of unknown kind', expected)
        )

    def _load_list(self) -> ParsedLabels:
        listed = self._listed or self.CLASSES
        self._note = ''
        if self._chosen and self._listed is None and set(self.CLASSES) < set(COCO_CLASSES):
            parsed = parse_label_list(self.ann_file, len(COCO_CLASSES))
            if any(
                present and present[-1] >= len(self.CLASSES) for present in parsed.labels.labels
            ):
                listed = COCO_CLASSES
            meant = "COCO's classes" if listed is COCO_CLASSES else f'classes={self.CLASSES}'
            self._note = (
                f'{self.ann_file}: ids are read as positions in {meant}; to say what they are, give '
                'metainfo=dict(classes=...) beside classes'
            )
        parsed = parse_label_list(self.ann_file, len(listed))
        if listed is self.CLASSES:
            return parsed
        selected = select_classes(parsed, listed, self.CLASSES, self.keep_unlabelled)
        self._left_out = len(parsed.labels.names) - len(selected.labels.names)
        return selected

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the samples; say what is left out, and warn if labels are dropped from a list."""
        if self._is_list() and self.protocol_text != 'full':
            print_log(
                f'{self.ann_file} is a label list; protocol {self.protocol_text!r} drops labels '
                "from it again. To use the list as it is, set protocol='full'.",
                logger='current',
                level=logging.WARNING,
            )
        samples = super().load_data_list()
        if self._note:
            print_log(self._note, logger='current', level=logging.WARNING)
        if self._left_out:
            print_log(
                f'{self.ann_file}: {self._left_out} images without labels are left out '
                '(keep_unlabelled=True keeps them)',
                logger='current',
            )
        return samples

    def where(self, info: dict[str, Any]) -> str:
        """Return the image file of a sample, and the file and line of its label."""
        location = self.ann_file
        if self._is_list():
            try:
                parsed = self.load_labels()
                paths = self.inputs(parsed.labels.names)
                location = parsed.location_of(paths.index({'img_path': info['img_path']}))
            except (OSError, ValueError):  # the image is no longer in the file
                location = f'{self.ann_file}, edited since it was read'
        return f'image {info["img_path"]} ({location})'

    def _is_list(self) -> bool:
        return self.ann_file.endswith('.txt')


# Where the shipped configs look: the environment variable, its default, and what belongs there.
_ROOTS = (
    (
        'COCO_ROOT', 'data/coco',
        'The coco configs look for COCO (annotations/, train2014/, val2014/, or 2017)',
        ': python tools/prepare_data.py coco',
    ),
    ('PHOTOS_ROOT', 'data/photos', 'The photos configs look for images and their lists', ''),
)  # fmt: skip


def _hint(ann_file: str) -> str:
    """Return what to do about a missing file, by whether a shipped config names it."""
    for variable, default, contents, how in _ROOTS:
        if ann_file.startswith(f'{os.environ.get(variable, default)}/'):
            where = f'{default}, or where the environment variable {variable} points'
            return f'. {contents} in {where}{how}'
    folder = '' if Path(ann_file).is_absolute() else f' in {Path.cwd()}'
    return f'{folder}: check ann_file and data_root of the data set'
