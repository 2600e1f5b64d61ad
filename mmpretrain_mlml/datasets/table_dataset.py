"""Base class of data sets whose labels lie in arrays instead of pickled dicts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from mmengine.dataset import force_full_init
from mmengine.logging import print_log

from ..labels import LabelKinds, LabelList, LabelTable, ParsedLabels, ParsedTable
from .missing_label import MissingLabelDataset


class TableSamples(Sequence[dict[str, Any]]):
    """The samples of a table: dicts that are made when they are read.

    Args:
        table: Labels.
        complete: Labels of the same images before any were dropped.
        folder: Image folder.
        rows: Rows of the table that are the samples, int64; None for all.
    """

    def __init__(
        self,
        table: LabelTable,
        complete: LabelTable,
        folder: str = '',
        rows: np.ndarray | None = None,
    ) -> None:
        self.table = table
        self.complete = complete
        self.rows = rows
        self._prefix = f'{folder}/' if folder else ''
        self._folder = folder
        self._three_valued = table.has_unobserved

    def __len__(self) -> int:
        return len(self.table) if self.rows is None else len(self.rows)

    def row(self, index: int) -> int:
        """Return the row of a sample in the table; the index may be negative."""
        if not -len(self) <= index < len(self):
            raise IndexError(f'no sample {index} in a data set of {len(self)}')
        index %= len(self)
        return index if self.rows is None else int(self.rows[index])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.take(range(*index.indices(len(self))))
        row = self.row(index)
        sample: dict[str, Any] = {
            'img_path': self._prefix + self.table.names[row],
            'gt_label': self.table.positives(row),
            'sample_idx': index % len(self),
        }
        if self._three_valued:
            sample['gt_score'] = self.table.target(row)
        return sample

    def take(self, indices: Sequence[int]) -> TableSamples:
        """Return some of the samples, in the order of ``indices``."""
        numbers = np.asarray(indices, np.int64)
        if len(numbers) and not -len(self) <= numbers.min() <= numbers.max() < len(self):
            raise IndexError(f'indices reach beyond a data set of {len(self)}')
        chosen = numbers % max(len(self), 1)
        rows = chosen if self.rows is None else self.rows[chosen]
        return TableSamples(self.table, self.complete, self._folder, rows)

    def chosen(self, table: LabelTable) -> LabelTable:
        """Return the rows of a table that are the samples."""
        return table if self.rows is None else table.take(self.rows)

    def __deepcopy__(self, memo: dict) -> TableSamples:
        return self  # nothing in it changes


class TableDataset(MissingLabelDataset):
    """Base class of data sets whose labels lie in a table.

    A subclass defines :meth:`load_table`. Its samples take no memory beyond the arrays of the table,
    which data workers share: millions of images are no problem. ``serialize_data`` has no meaning
    here. A sample carries ``gt_label``, and ``gt_score`` if some entries are unobserved.

    Args:
        **kwargs: As for :class:`MissingLabelDataset`.
    """

    data_list: Any

    def __init__(self, **kwargs: Any) -> None:
        self._parsed: ParsedTable | None = None
        self._loaded: TableSamples | None = None
        super().__init__(**kwargs)

    def load_table(self) -> ParsedTable:
        """Parse the labels of the source, before any are dropped.

        Raises:
            FileNotFoundError: If there is no such source.
        """
        raise NotImplementedError(f'{type(self).__name__} must define load_table()')

    def load_labels(self) -> ParsedLabels:
        """Return the positive labels of the source."""
        return self.parsed.positives()

    @property
    def parsed(self) -> ParsedTable:
        """Content of the source, before any labels are dropped; it is read once."""
        if self._parsed is None:
            self._parsed = self.load_table()
        return self._parsed

    @property
    def metainfo(self) -> dict:
        """Meta information, with the classes of the table if none are given."""
        self._find_classes()
        return super().metainfo

    @property
    def CLASSES(self) -> Sequence[str] | None:
        """Class names."""
        self._find_classes()
        return self._metainfo.get('classes')

    def _find_classes(self) -> None:
        if 'classes' in self._metainfo:
            return
        with suppress(FileNotFoundError):  # a data set that is only described needs no file
            if not self.parsed.problems:
                self._metainfo['classes'] = self.parsed.table.classes

    def load_data_list(self) -> Any:
        """Return the samples: labels without problems, some dropped, some hidden.

        Raises:
            LabelError: If the labels have problems; the first of them.
        """
        complete = self.parsed.require_no_problems()
        for note in self.parsed.notes:
            print_log(note, logger='current')
        self._metainfo.setdefault('classes', complete.classes)
        table = self.incomplete_table()
        present, absent, unobserved = (int(count.sum()) for count in table.counts())
        print_log(
            f'{type(self).__name__}: {len(table)} images; {present} of '
            f'{int(complete.counts().present.sum())} labels kept ({self.protocol_text}, seed '
            f'{self.seed}); {absent} entries are absent, {unobserved} unobserved',
            logger='current',
        )
        self._loaded = TableSamples(table, complete, self.img_prefix)
        return self._loaded

    def full_init(self) -> None:
        """Load the table. What a ``filter_data`` of a subclass returns chooses the samples."""
        self.serialize_data = False
        super().full_init()
        if isinstance(self.data_list, list) and self._loaded is not None:
            self.data_list = self._loaded.take([info['sample_idx'] for info in self.data_list])

    def complete_table(self, labels: LabelList | None = None) -> LabelTable:
        """Return the table before any protocol, as far as it could be read."""
        return self.parsed.table

    def _get_unserialized_subset(self, indices: int | Sequence[int]) -> Any:
        if isinstance(self.data_list, list) or isinstance(indices, int):
            return super()._get_unserialized_subset(indices)
        return self.data_list.take(indices)

    @force_full_init
    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return a sample.

        Args:
            idx: Its position.
        """
        sample: dict[str, Any] = self.data_list[idx]
        return sample

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        """Return the positive classes of a sample, for ``ClassBalancedDataset``."""
        positives: list[int] = self.data_list.table.positives(self.data_list.row(idx))
        return positives

    @force_full_init
    def counts(self) -> LabelKinds:
        """Count the samples in which each class is present, absent and unobserved."""
        counts: LabelKinds = self.data_list.chosen(self.data_list.table).counts()
        return counts

    @force_full_init
    def complete_labels(self) -> LabelList:
        """Return the positive labels before any were dropped, in the order of the samples."""
        table = self.data_list.chosen(self.data_list.complete)
        return LabelList(table.names, table.positive_lists)

    def where(self, info: dict[str, Any]) -> str:
        """Return the image file of a sample, and where its label stands."""
        row = self.data_list.row(info['sample_idx'])
        return f'image {info["img_path"]} ({self.data_list.table.location_of(row)})'
