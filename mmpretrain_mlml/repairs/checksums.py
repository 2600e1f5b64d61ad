"""The checksums in checkpoint files, which torch writes and does not read."""

from __future__ import annotations

import errno
import functools
import struct
import zipfile
import zlib
from os import PathLike
from pathlib import Path

ZIP = b'PK\x03\x04'  # how a zip archive begins
CHUNK = 1 << 20  # bytes read at a time
_BROKEN = (  # what zipfile raises for an archive with wrong bytes
    zipfile.BadZipFile, EOFError, RuntimeError, ValueError, OverflowError, struct.error, zlib.error,
)  # fmt: skip


def damage_of(path: str | PathLike) -> str | None:
    """Return what is wrong with the bytes of a checkpoint; None if nothing is known to be.

    ``torch.save`` writes a zip archive with a checksum for each part, but ``torch.load`` does not
    compare them: a flipped byte becomes another weight. Files that are no zip archive (of torch before
    1.6) and parts written with ``torch.serialization.set_crc32_options(False)`` have no checksums.

    Args:
        path: Existing file. It is read once; the answer is remembered while its inode, size and times
            stay the same.
    """
    state = Path(path).stat()
    times = state.st_mtime_ns, state.st_ctime_ns
    return _remembered(str(path), (state.st_ino, state.st_size, *times))


@functools.lru_cache(maxsize=16)
def _remembered(path: str, state: tuple[int, ...]) -> str | None:
    return find_damage(path)


def find_damage(path: str | PathLike) -> str | None:
    """Read a file and return what :func:`damage_of` returns."""
    with Path(path).open('rb') as file:
        start = file.read(len(ZIP))
        if start and start != ZIP:
            return None
        try:
            with zipfile.ZipFile(file) as archive:
                for part in archive.infolist():
                    if part.CRC:
                        with archive.open(part) as content:
                            while content.read(CHUNK):
                                pass
        except _BROKEN as error:
            return str(error) or 'it ends too early'
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: a place outside the file
                raise
            return 'it refers to places outside itself'
    return None
