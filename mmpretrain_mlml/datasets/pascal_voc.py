"""Pascal VOC as a multi-label data set."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import DATASETS

from ..labels import ParsedTable
from ..labels.public_sets import VOC_CLASSES, parse_pascal_voc
from .public_dataset import PublicDataset


@DATASETS.register_module()
class PascalVOC(PublicDataset):
    """A year of Pascal VOC: labels from its annotations of objects, or from a released list.

    The published layout is that of ``VOCdevkit/VOC2007`` and ``VOCdevkit/VOC2012``::

        VOC2012/ImageSets/Main/train.txt   val.txt   trainval.txt
        VOC2012/Annotations/*.xml
        VOC2012/JPEGImages/*.jpg

    Args:
        data_root: Folder of the year.
        split: ``'train'``, ``'val'``, ``'trainval'`` or, of 2007, ``'test'``.
        difficult: What a class is whose objects in an image are all marked as difficult. ``'absent'``,
            the default, as the papers on single positive labels have it (arXiv 2106.09708); or
            ``'present'``; or ``'unobserved'``, as in VOC's own evaluation, which leaves such entries
            out. With ``'unobserved'``, dropped labels are unobserved, too, and all other absences are
            verified.
        **kwargs: As for :class:`PublicDataset`.

    Raises:
        ValueError: If ``difficult`` has another value, or is given beside a list, which does not say
            what is difficult.

    Source: Everingham et al., The Pascal Visual Object Classes Challenge.
    """

    METAINFO = {'classes': VOC_CLASSES}
    IMAGES = 'JPEGImages'
    NAME, FOLDER, VARIABLE = 'voc', 'data/VOCdevkit', 'VOC_ROOT'

    def __init__(
        self, data_root: str, split: str | None = None, difficult: str | None = None, **kwargs: Any
    ) -> None:
        if difficult is not None and kwargs.get('ann_file'):
            raise ValueError(
                'PascalVOC: a list does not say what is difficult; expected no difficult'
            )
        self.difficult = difficult or 'absent'
        super().__init__(data_root, split, **kwargs)

    def parse_split(self, split: str) -> ParsedTable:
        """Parse the annotations of a split."""
        return parse_pascal_voc(self.data_root, split, self.difficult)

    def all_classes(self) -> tuple[str, ...]:
        """Return the 20 classes."""
        return VOC_CLASSES
