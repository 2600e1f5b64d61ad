"""Labels as plain data: drop protocols, label lists, COCO. Needs numpy alone."""

from .coco import COCO_CLASSES, read_instances
from .errors import LabelError
from .lists import LabelList, read_label_list, write_label_list
from .protocols import PROTOCOLS, drop_labels, hide_entries, kept_count

__all__ = [
    'COCO_CLASSES',
    'PROTOCOLS',
    'LabelError',
    'LabelList',
    'drop_labels',
    'hide_entries',
    'kept_count',
    'read_instances',
    'read_label_list',
    'write_label_list',
]
