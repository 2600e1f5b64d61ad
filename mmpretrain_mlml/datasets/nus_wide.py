"""NUS-WIDE as a multi-label data set."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import DATASETS

from ..labels import ParsedTable
from ..labels.public_sets import NUS_WIDE_CLASSES, parse_nus_wide
from .public_dataset import PublicDataset


@DATASETS.register_module()
class NUSWIDE(PublicDataset):
    """NUS-WIDE with its 81 concepts: the published folders, or a released list.

    The published layout is::

        nuswide/ImageList/TrainImagelist.txt   TestImagelist.txt
        nuswide/Groundtruth/TrainTestLabels/Labels_airport_Train.txt   ...
        nuswide/Flickr/actor/0001_2124494179.jpg   ...

    The ids of a list are positions in the alphabetical order of the concepts, as in the list that was
    released with arXiv 2112.07368. Other lists have other orders; for them give
    ``metainfo=dict(classes=...)``, and ``data_prefix`` if their images lie elsewhere.

    Args:
        data_root: Folder of the data set.
        split: ``'train'`` (161,789 images) or ``'test'`` (107,859).
        keep_unlabelled: Whether images without any of the concepts are kept. By default they are left
            out, as in the published lists; the log says how many.
        **kwargs: As for :class:`PublicDataset`.

    Source: Chua et al., NUS-WIDE: A Real-World Web Image Database from National University of
    Singapore.
    """

    METAINFO = {'classes': NUS_WIDE_CLASSES}
    IMAGES = 'Flickr'
    NAME, FOLDER, VARIABLE = 'nus', 'data/nuswide', 'NUS_ROOT'

    def __init__(
        self,
        data_root: str,
        split: str | None = None,
        *,
        keep_unlabelled: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_root, split, keep_unlabelled=keep_unlabelled, **kwargs)

    def parse_split(self, split: str) -> ParsedTable:
        """Parse the published folders."""
        return parse_nus_wide(self.data_root, split)

    def all_classes(self) -> tuple[str, ...]:
        """Return the 81 concepts."""
        return NUS_WIDE_CLASSES
