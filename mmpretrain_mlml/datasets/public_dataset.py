"""Base class of the public data sets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..labels import ParsedTable, parse_tag_table
from ..labels.public_sets.assembly import with_choice
from ..labels.tables.class_names import as_classes
from .listed_classes import listed_classes
from .table_dataset import TableDataset


class PublicDataset(TableDataset):
    """Base class of public data sets: a split in the published layout, or a released list.

    A subclass defines :meth:`parse_split`, :meth:`all_classes` and the image folder ``IMAGES``; and
    ``NAME``, what ``tools/prepare_data.py`` and the shipped configs call the data set, with the folder
    and the environment variable by which these configs find it, ``FOLDER`` and ``VARIABLE``.

    Args:
        data_root: Folder of the data set.
        split: Name of the split.
        ann_file: A list ``name,ids`` in place of a split, relative to ``data_root``. Its ids are
            positions in the classes of the data set, or in those of ``metainfo``; entries that are
            not listed are absent, as in the published setting.
        data_prefix: Image folder, relative to ``data_root``; None for that of the published layout.
        pipeline: Transforms.
        classes: Names of the classes to keep, in any order, or a file of names, one a line; None for
            all. Labels are positions in it.
        keep_unlabelled: Whether images without a label, of these classes, are kept.
        metainfo: Information about the data set; ``classes`` in it are all classes of a list.
        **kwargs: As for :class:`MissingLabelDataset` (``protocol``, ``seed``, ``unknown``) and
            MMPretrain's ``MultiLabelDataset`` (``indices``, ``test_mode``, ...).

    Raises:
        FileNotFoundError: If a file is missing; says what belongs where.
        LabelError: If the labels cannot be used; names the first place.
        SampleError: On access, if an image cannot be loaded; names it and where its label stands.
        ValueError: If both or neither of ``split`` and ``ann_file`` are given, or an argument has an
            unknown value.
    """

    IMAGES: str
    NAME: str
    FOLDER: str
    VARIABLE: str

    def __init__(
        self,
        data_root: str,
        split: str | None = None,
        ann_file: str = '',
        data_prefix: str | dict | None = None,
        pipeline: Sequence = (),
        classes: Sequence[str] | str | None = None,
        *,
        keep_unlabelled: bool = True,
        metainfo: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if bool(split) == bool(ann_file):
            got = 'both' if split else 'neither'
            raise ValueError(f'{type(self).__name__}: expected split or ann_file, got {got}')
        self.split = split
        self.keep_unlabelled = keep_unlabelled
        self._chosen = as_classes(classes)
        self._listed = listed_classes(metainfo, self._chosen)
        if self._listed is not None:  # MMPretrain would take those of metainfo
            metainfo = {**(metainfo or {}), 'classes': self._chosen}
        super().__init__(
            data_root=data_root,
            ann_file=ann_file,
            data_prefix=self.image_folder() if data_prefix is None else data_prefix,
            pipeline=pipeline,
            classes=self._chosen,
            metainfo=metainfo,
            **kwargs,
        )

    @abstractmethod
    def parse_split(self, split: str) -> ParsedTable:
        """Parse the labels of a split, of all classes and images.

        Args:
            split: Name of the split.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If there is no such split.
        """

    @abstractmethod
    def all_classes(self) -> tuple[str, ...]:
        """Return the classes of the data set, in the order of the indices in its lists."""

    def image_folder(self) -> str:
        """Return the image folder of the published layout, relative to ``data_root``."""
        return self.IMAGES

    def load_table(self) -> ParsedTable:
        """Parse the split or the list.

        Raises:
            FileNotFoundError: If a file is missing.
        """
        try:
            parsed = self._parse_list() if self.ann_file else self.parse_split(self.split or '')
        except FileNotFoundError as error:
            where = (
                f'The {self.NAME} configs look in {self.FOLDER}, or where the environment variable '
                f'{self.VARIABLE} points: python tools/prepare_data.py {self.NAME}'
            )
            raise FileNotFoundError(f'{error}. {where}') from None
        return with_choice(parsed, self._chosen, self.keep_unlabelled)

    def _parse_list(self) -> ParsedTable:
        path = Path(self.ann_file)
        if not path.is_file():
            raise FileNotFoundError(f'no {path}: check ann_file and data_root of the data set')
        given = None if self._chosen else self._metainfo.get('classes')
        classes = self._listed or given or self.all_classes()
        return parse_tag_table(path, classes, layout='ids', unlisted='absent')

    def extra_repr(self) -> list[str]:
        """Return the lines that this class adds to the ``repr`` of a data set."""
        return [*super().extra_repr(), f'Split: \t{self.split or "of the list"}']
