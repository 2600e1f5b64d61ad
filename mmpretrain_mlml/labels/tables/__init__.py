"""Tables of images and tags: CSV, TSV, JSON lines, Parquet, lists and folders with text files."""

from .class_names import read_class_list
from .option_text import parse_table_options
from .options import TableOptions
from .reading import parse_tag_table, read_tag_table
from .writing import write_class_list, write_tag_table

__all__ = [
    'TableOptions',
    'parse_table_options',
    'parse_tag_table',
    'read_class_list',
    'read_tag_table',
    'write_class_list',
    'write_tag_table',
]
