"""Images in a folder, one file each, that any number of processes read and write at the same time.

A file is a line of JSON that describes the image, and its bytes. It is written under another name and
renamed, so nobody sees half a file; its checksum is compared when it is read, so nobody gets a damaged
image. Files may be deleted at any time.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..files import atomic_write, remove_unfinished

MAGIC = 'mmpretrain_mlml image 1'
# Subfolders. Each holds its share of the limit, so that looking at one of them is enough.
PARTS = 64
RESERVE = 1 << 30  # bytes of the disk that are left free for others, such as checkpoints
DAY = 24 * 3600
WRITERS = 16  # processes that may write at the same time without exceeding the limit
UNUSED = 7 * DAY  # seconds after which a file that nobody read makes room


class DamagedImage(ValueError):
    """A stored image whose bytes are not those that were written."""


class ImageStore:
    """Images by key, in a folder of limited size.

    Args:
        folder: Folder of the files; it is made if need be.
        limit: Largest number of bytes of all files. A full store keeps what it has, except images that
            nobody read for a week.

    Raises:
        OSError: If the folder cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str], limit: int) -> None:
        self.folder = Path(folder)
        self.limit = limit
        # for each part: how many images fit without looking again, and until when it counts as full
        self._looked: dict[Path, tuple[int, float]] = {}
        self.folder.mkdir(parents=True, exist_ok=True)

    def read(self, key: str) -> tuple[np.ndarray, Any] | None:
        """Return an image and what was stored with it; None if there is none.

        The array is mapped into memory and read-only.

        Args:
            key: Hexadecimal digits.

        Raises:
            DamagedImage: If the file is damaged.
            OSError: If it cannot be read.
        """
        path = self._path(key)
        try:
            with path.open('rb') as file:
                memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                if time.time() - os.fstat(file.fileno()).st_mtime > DAY:
                    with suppress(OSError):  # of another user, or on a read-only file system
                        os.utime(path)
        except FileNotFoundError:
            return None
        except ValueError as error:  # an empty file cannot be mapped
            raise DamagedImage(f'{path} is empty') from error
        return _parse(memory, key, path)

    def write(self, key: str, image: np.ndarray, extra: Any) -> bool:
        """Store an image; return False if there is no room.

        Args:
            key: Hexadecimal digits.
            image: Array of numbers.
            extra: Anything that JSON holds.

        Raises:
            OSError: If the file cannot be written.
        """
        pixels = np.ascontiguousarray(image)
        header = {
            'magic': MAGIC,
            'key': key,
            'dtype': pixels.dtype.str,
            'shape': pixels.shape,
            'crc32': zlib.crc32(pixels.data),
            'extra': extra,
        }
        text = json.dumps(header).encode()
        text += b' ' * (-(len(text) + 1) % 64) + b'\n'  # the pixels begin at a multiple of 64
        if not self._has_room(key, len(text) + pixels.nbytes):
            return False
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        with atomic_write(path, durable=False) as file:
            file.write(text)
            file.write(pixels.data)
        return True

    def _path(self, key: str) -> Path:
        return self.folder / f'{int(key[:8], 16) % PARTS:02}' / key

    def _has_room(self, key: str, size: int) -> bool:
        """Return whether an image may be added; looks at the disk, and now and then at the files."""
        if shutil.disk_usage(self.folder).free < RESERVE + size:
            return False
        part = self._path(key).parent
        unseen, full_until = self._looked.get(part, (0, 0.0))
        if unseen > 0:
            self._looked[part] = unseen - 1, 0.0
            return True
        if time.monotonic() < full_until:
            return False
        remove_unfinished(part, '*')
        room = self.limit // PARTS - _used(part)
        if room < size:
            room += _remove_unused(part)
        self._looked[part] = (
            (room // (size * WRITERS), 0.0) if room >= size else (0, time.monotonic() + 60)
        )
        return room >= size


def _used(folder: Path) -> int:
    """Return the number of bytes of the files in a folder."""
    return sum(stat.st_size for _, stat in _files(folder))


def _remove_unused(folder: Path) -> int:
    """Remove the files that nobody read for a week; return their number of bytes."""
    removed = 0
    for path, stat in _files(folder):
        if time.time() - stat.st_mtime > UNUSED:
            with suppress(OSError):  # another process was quicker
                path.unlink()
                removed += stat.st_size
    return removed


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield Path(entry.path), entry.stat()


def _parse(memory: mmap.mmap, key: str, path: Path) -> tuple[np.ndarray, Any]:
    """Return the image in the bytes of a file, and what was stored with it."""
    end = memory.find(b'\n')
    try:
        header = json.loads(memory[:end])
        expected = (header['magic'], header['key'], header['crc32'])
        pixels = np.frombuffer(memory, np.dtype(header['dtype']), offset=end + 1)
        pixels, extra = pixels.reshape(header['shape']), header['extra']
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedImage(f'{path} cannot be read: {error}') from error
    if (MAGIC, key, zlib.crc32(pixels)) != expected:
        raise DamagedImage(f'{path} has another checksum or key than what it holds')
    return pixels, extra
