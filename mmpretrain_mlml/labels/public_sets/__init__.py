"""Public data sets in the layouts in which they are published."""

from .detection import PublicSource, find_public_set, read_public_set
from .nus_wide import NUS_WIDE_CLASSES, parse_nus_wide
from .open_images import parse_open_images
from .pascal_voc import VOC_CLASSES, parse_pascal_voc

__all__ = [
    'NUS_WIDE_CLASSES',
    'VOC_CLASSES',
    'PublicSource',
    'find_public_set',
    'parse_nus_wide',
    'parse_open_images',
    'parse_pascal_voc',
    'read_public_set',
]
