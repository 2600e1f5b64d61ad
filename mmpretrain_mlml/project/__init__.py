"""A project from a table of tags: a look at the data, a split and a config."""

from .backbone import Backbone, find_backbone
from .creation import Project, new_project
from .errors import ProjectError
from .inspection import describe, doubts, missing_images
from .splitting import Split, split_table

__all__ = [
    'Backbone',
    'Project',
    'ProjectError',
    'Split',
    'describe',
    'doubts',
    'find_backbone',
    'missing_images',
    'new_project',
    'split_table',
]
