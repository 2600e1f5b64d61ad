"""From a study file to runs that are known to work."""

from .study_file import Study, choose, read_study

__all__ = ['Study', 'choose', 'read_study']
