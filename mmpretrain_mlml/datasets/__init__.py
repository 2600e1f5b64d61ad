"""Data sets with missing labels."""

from .coco_missing_label import COCOMissingLabel
from .digit_scenes import DigitScenes
from .missing_label import MissingLabelDataset, SampleError
from .table_dataset import TableDataset
from .tag_table import TagTable

__all__ = [
    'COCOMissingLabel',
    'DigitScenes',
    'MissingLabelDataset',
    'SampleError',
    'TableDataset',
    'TagTable',
]
