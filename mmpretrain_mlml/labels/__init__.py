"""Labels as plain data: drop protocols, label lists, COCO. Needs numpy alone."""

from .coco import COCO_CLASSES, examine_instances, read_instances
from .errors import DataError, LabelError
from .examination import Examination, LabelList
from .lists import examine_label_list, read_label_list, write_label_list
from .protocols import PROTOCOLS, drop_labels, hide_entries, kept_count

__all__ = [
    'COCO_CLASSES',
    'PROTOCOLS',
    'DataError',
    'Examination',
    'LabelError',
    'LabelList',
    'drop_labels',
    'examine_instances',
    'examine_label_list',
    'hide_entries',
    'kept_count',
    'read_instances',
    'read_label_list',
    'write_label_list',
]
