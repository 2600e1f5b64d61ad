"""Tables of images and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from ..labels import ParsedTable, TableOptions, parse_tag_table
from ..labels.tables.class_names import as_classes
from .table_dataset import TableDataset


@DATASETS.register_module()
class TagTable(TableDataset):
    """Your own images and tags, from a table.

    The table is CSV, TSV, JSON lines, Parquet or a list ``name,ids``, or a folder of images with text
    files beside them. Its layout is found out and named in the log: all tags of an image in a cell,
    one column a class, or one row a tag. Rows that cannot be used are errors that name file and line.

    Labels are three-valued: 1 present, 0 absent, -1 unobserved. A table of tags says only what is
    present, so that all other entries are unobserved: losses treat them by their ``unknown``.
    ``unlisted='absent'`` takes them as 0, as the published setting does, and validation needs it
    unless the table lists absent classes.

    Args:
        ann_file: The table, relative to ``data_root``.
        data_root: Root of ``ann_file`` and ``data_prefix``.
        data_prefix: Image folder, relative to ``data_root``; names may have subfolders.
        pipeline: Transforms.
        classes: Class names, or the path of a file with one name a line. None to take the names in
            the table, sorted; a validation set needs the list of the training set.
        layout: As in :class:`~mmpretrain_mlml.labels.TableOptions`, like the arguments below.
        columns: Names of the columns, by what they hold.
        separator: What stands between the tags of a cell.
        delimiter: What stands between the cells of a CSV file.
        values: Values that mean present, absent and unobserved.
        min_confidence: Confidence from which on a tag is present.
        unlisted: What an entry is of which the table says nothing.
        other_classes: What is done with classes that are not in ``classes``.
        image_suffix: What is added to image names.
        repeated: What is done with a class that is listed twice for an image.
        cache: Whether labels are kept in a hidden file beside the table, which starts faster; None
            for tables above 4 MB.
        **kwargs: As for :class:`MissingLabelDataset` (``protocol``, ``seed``, ``unknown``) and
            MMPretrain's ``MultiLabelDataset`` (``indices``, ``test_mode``, ...).

    Raises:
        FileNotFoundError: If there is no such table.
        LabelError: If a row of the table, or the class list, cannot be used.
        SampleError: On access, if an image cannot be loaded; names it and where its label stands.
        ValueError: If an argument has an unknown value.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        data_prefix: str | dict = '',
        pipeline: Sequence = (),
        classes: Sequence[str] | str | None = None,
        *,
        layout: str | None = None,
        columns: Mapping[str, str] | None = None,
        separator: str | None = None,
        delimiter: str | None = None,
        values: Mapping[str, Iterable[Any]] | None = None,
        min_confidence: float | None = None,
        unlisted: str = 'unobserved',
        other_classes: str = 'error',
        image_suffix: str = '',
        repeated: str = 'error',
        cache: bool | None = None,
        **kwargs: Any,
    ) -> None:
        self.options = TableOptions(
            layout=layout,
            columns=dict(columns or {}),
            separator=separator,
            delimiter=delimiter,
            values=None if values is None else dict(values),
            min_confidence=min_confidence,
            unlisted=unlisted,
            other_classes=other_classes,
            image_suffix=image_suffix,
            repeated=repeated,
        )
        self.cache = cache
        super().__init__(
            ann_file=ann_file,
            data_root=data_root,
            data_prefix=data_prefix,
            pipeline=pipeline,
            classes=as_classes(classes),
            **kwargs,
        )

    def load_table(self) -> ParsedTable:
        """Parse ``ann_file``.

        Raises:
            FileNotFoundError: If there is no such file.
        """
        path = Path(self.ann_file)
        if not path.exists():
            folder = '' if path.is_absolute() else f' in {Path.cwd()}'
            raise FileNotFoundError(
                f'no {path}{folder}: check ann_file and data_root of the data set'
            )
        given = {name: getattr(self.options, name) for name in self.options.__dataclass_fields__}
        return parse_tag_table(path, self._metainfo.get('classes'), cache=self.cache, **given)

    def extra_repr(self) -> list[str]:
        """Return the lines that this class adds to the ``repr`` of a data set."""
        return [*super().extra_repr(), f'Unlisted entries: \t{self.options.unlisted}']
