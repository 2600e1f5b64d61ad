"""Open Images as a multi-label data set with verified absences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from ..labels import ParsedTable
from ..labels.public_sets import parse_open_images
from ..labels.public_sets.open_images import open_images_classes
from .public_dataset import PublicDataset


@DATASETS.register_module()
class OpenImages(PublicDataset):
    """Open Images with the labels that people have verified, of its 9,605 trainable classes.

    Labels are three-valued: 1 verified as present, 0 verified as absent, -1 unobserved. Nearly all
    are unobserved: a loss treats them by its ``unknown``. The files may be of any release::

        openimages/oidv7-classes-trainable.txt   oidv7-class-descriptions.csv
        openimages/oidv7-train-annotations-human-imagelabels.csv   (also -val-, -test-)
        openimages/train/000002b66c9c498e.jpg   ...   validation/   test/

    Of a label that several people verified, with the same result, there is one; with different results
    it is unobserved.

    Args:
        data_root: Folder of the data set.
        split: ``'train'``, ``'validation'`` or ``'test'``.
        classes: Classes to keep, by name or by id (``/m/01g317``). A name that several classes have is
            followed by the id: ``'NAME (/m/ID)'``.
        cache: Whether labels are kept in a hidden file beside them, which starts faster; None for
            files above 4 MB.
        **kwargs: As for :class:`PublicDataset`.

    Source: Kuznetsova et al., arXiv 1811.00982.
    """

    NAME, FOLDER, VARIABLE = 'openimages', 'data/openimages', 'OPENIMAGES_ROOT'

    def __init__(
        self, data_root: str, split: str | None = None, cache: bool | None = None, **kwargs: Any
    ) -> None:
        self.cache = cache
        super().__init__(data_root, split, **kwargs)

    def image_folder(self) -> str:
        """Return the image folder, which is called as the split."""
        return self.split or ''

    def parse_split(self, split: str) -> ParsedTable:
        """Parse the verified labels of a split, of the chosen classes."""
        return parse_open_images(self.data_root, split, self._chosen, self.cache)

    def all_classes(self) -> tuple[str, ...]:
        """Return the trainable classes, which the files name."""
        return open_images_classes(Path(self.data_root))[1]
