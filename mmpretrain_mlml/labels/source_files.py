"""The files of a label source, and what tells whether its content has changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

SIDECAR = '.txt'  # ending of the text files in a folder of images


def files_below(folder: str | os.PathLike[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the files below a folder that are not hidden, with their paths relative to it.

    The paths have slashes. Links to folders are not followed.

    Args:
        folder: The folder.
    """
    waiting = ['']
    while waiting:
        place = waiting.pop()
        with os.scandir(Path(folder, place)) as entries:
            for entry in entries:
                if entry.name.startswith('.'):
                    continue
                if entry.is_dir():
                    if not entry.is_symlink():
                        waiting.append(f'{place}{entry.name}/')
                else:
                    yield place + entry.name, entry


def state_of(path: Path) -> dict[str, int | str]:
    """Return what changes when a source does: sizes and times, no content.

    Args:
        path: File, or folder of images with text files.

    Returns:
        ``size`` in bytes, ``mtime`` and ``ctime`` in ns, the latest ones of a folder, and what tells
        the source from another of these.
    """
    if not path.is_dir():
        stat = path.stat()
        return {
            'size': stat.st_size,
            'mtime': stat.st_mtime_ns,
            'ctime': stat.st_ctime_ns,
            'inode': stat.st_ino,
        }
    size = mtime = ctime = 0
    lines = []
    for name, entry in files_below(path):
        if name.lower().endswith(SIDECAR):
            stat = entry.stat()
            size += stat.st_size
            mtime, ctime = max(mtime, stat.st_mtime_ns), max(ctime, stat.st_ctime_ns)
            name = f'{name}\n{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}'
        lines.append(name)
    return {
        'size': size,
        'mtime': mtime,
        'ctime': ctime,
        'files': len(lines),
        'listing': _digest_of(lines),
    }


def content_digest(path: Path) -> str:
    """Return a digest of the content of a source: of a file, or of the names and texts of a folder.

    Args:
        path: File, or folder of images with text files.
    """
    if path.is_dir():
        return _digest_of(
            f'{name}\n{_file_digest(path / name)}' if name.lower().endswith(SIDECAR) else name
            for name, _ in files_below(path)
        )
    return _file_digest(path)


def _file_digest(path: Path) -> str:
    digest = blake2b(digest_size=16)
    with path.open('rb') as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()


def _digest_of(lines: Iterator[str] | list[str]) -> str:
    digest = blake2b(digest_size=16)
    for line in sorted(lines):
        digest.update(f'{line}\0'.encode('utf-8', 'surrogateescape'))
    return digest.hexdigest()
