"""Public data sets, downloaded, unpacked and verified."""

from .catalogue import CATALOGUE, Archive, PublicData
from .contents import Listed, Present, Shown
from .downloading import DownloadError, download
from .preparing import Finding, examine, prepare
from .unpacking import ArchiveError, unpack

__all__ = [
    'CATALOGUE',
    'Archive',
    'ArchiveError',
    'DownloadError',
    'Finding',
    'Listed',
    'Present',
    'PublicData',
    'Shown',
    'download',
    'examine',
    'prepare',
    'unpack',
]
