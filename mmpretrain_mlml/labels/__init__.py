"""Labels as plain data: drop protocols, label lists and COCO annotations. Needs numpy alone."""

from ..deprecation import renamed_in_module
from . import deprecated
from .coco import COCO_CLASSES, parse_instances, read_instances
from .errors import DataError, LabelError
from .label_table import LabelKinds, LabelTable
from .lists import parse_label_list, read_label_list, write_label_list
from .parsed import LabelList, ParsedLabels, ParsedTable
from .protocols import PROTOCOLS, drop_labels, hide_entries, kept_count
from .tables import (
    TableOptions,
    parse_table_options,
    parse_tag_table,
    read_class_list,
    read_tag_table,
    write_class_list,
    write_tag_table,
)
from .targets import dense_target
from .text_array import TextArray

__all__ = [
    'COCO_CLASSES',
    'PROTOCOLS',
    'DataError',
    'LabelError',
    'LabelKinds',
    'LabelList',
    'LabelTable',
    'ParsedLabels',
    'ParsedTable',
    'TableOptions',
    'TextArray',
    'dense_target',
    'drop_labels',
    'hide_entries',
    'kept_count',
    'parse_instances',
    'parse_label_list',
    'parse_table_options',
    'parse_tag_table',
    'read_class_list',
    'read_instances',
    'read_label_list',
    'read_tag_table',
    'write_class_list',
    'write_label_list',
    'write_tag_table',
]

__getattr__ = renamed_in_module(
    __name__,
    {
        'Examination': ('ParsedLabels', deprecated.Examination),
        'examine_instances': ('parse_instances', deprecated.examine_instances),
        'examine_label_list': ('parse_label_list', deprecated.examine_label_list),
    },
)
