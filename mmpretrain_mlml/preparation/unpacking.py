"""Unpacking of archives: plain files inside one folder, as a whole or not at all."""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
JUNK = ('__MACOSX',)  # what some programs add


class ArchiveError(RuntimeError):
    """An archive cannot be unpacked. The message says why; nothing of it is there."""


class Member(NamedTuple):
    """A file in an archive: its name, its size in bytes, and a function that opens it."""

    name: str
    size: int
    open: Callable[[], IO[bytes] | None]


def unpack(
    archive: Path, root: Path, strip: str = '', report: Callable[[int], None] | None = None
) -> None:
    """Unpack a tar or zip archive.

    Its files go to a hidden folder first, and from there to their places once all are there. A file
    that is already in its place stays, if it has the same size.

    Args:
        archive: The archive.
        root: Folder to unpack to; it is made.
        strip: First folder in the archive that is left out, if it is there.
        report: Is called with the number of files that are unpacked.

    Raises:
        ArchiveError: If it is damaged, holds anything but files and folders, or names outside of
            ``root``; if it does not fit; or if a file in its place has another size.
    """
    root.mkdir(parents=True, exist_ok=True)
    hidden = root / f'.{archive.name}.unpacking'
    shutil.rmtree(hidden, ignore_errors=True)  # of a process that was killed
    try:
        for number, member in enumerate(_members(archive, root), start=1):
            parts = _parts(archive, member.name)
            if parts[0] == strip and len(parts) > 1:
                parts = parts[1:]
            if parts[0] in JUNK:
                continue
            _write(archive, member, hidden.joinpath(*parts))
            if report is not None:
                report(number)
        if not hidden.is_dir():
            raise ArchiveError(f'{archive}: an archive without files')
        _require_no_other(hidden, root)
        _move(hidden, root)
    except ArchiveError:
        raise
    except (*DAMAGED, OSError, RuntimeError) as error:  # RuntimeError if it is encrypted
        raise ArchiveError(f'{archive}: {error}; nothing of it is unpacked') from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _members(archive: Path, root: Path) -> Iterator[Member]:
    """Yield the files of an archive, in its order."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            infos = [info for info in zipped.infolist() if not info.is_dir()]
            _require_room(archive, root, sum(info.file_size for info in infos))
            for info in infos:
                if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                    raise ArchiveError(f'{archive}: {info.filename!r} is no plain file')
                yield Member(info.filename, info.file_size, partial(zipped.open, info))
        return
    if not tarfile.is_tarfile(archive):
        raise ArchiveError(f'{archive}: neither a tar nor a zip archive; remove it')
    with tarfile.open(archive) as tarred:
        _require_room(archive, root, archive.stat().st_size)
        for item in tarred:
            if item.isdir():
                continue
            if not item.isreg():
                raise ArchiveError(f'{archive}: {item.name!r} is no plain file')
            yield Member(item.name, item.size, partial(tarred.extractfile, item))


def _parts(archive: Path, name: str) -> tuple[str, ...]:
    """Return the folders and the name of a member."""
    plain = name.replace('\\', '/')
    parts = PurePosixPath(plain).parts
    if not parts or plain.startswith('/') or '..' in parts or ':' in parts[0] or '\0' in name:
        raise ArchiveError(f'{archive}: {name!r} lies outside of its folder')
    return parts


def _write(archive: Path, member: Member, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = member.open()
    if source is None:
        raise ArchiveError(f'{archive}: {member.name!r} cannot be read')
    with source, path.open('wb') as file:
        shutil.copyfileobj(source, file, 1 << 20)
        if file.tell() != member.size:
            raise ArchiveError(f'{archive}: {member.name!r} breaks off; get the archive again')


def _require_room(archive: Path, root: Path, needed: int) -> None:
    free = shutil.disk_usage(root).free
    if needed > free:
        raise ArchiveError(
            f'{archive}: needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free in {root}'
        )


def _require_no_other(hidden: Path, root: Path) -> None:
    """Raise ArchiveError if a file in its place has another size, or is none."""
    for new in hidden.rglob('*'):
        old = root / new.relative_to(hidden)
        if not old.exists():
            continue
        if old.is_dir() != new.is_dir():
            raise ArchiveError(f'{old} exists and is of another kind: move it away')
        if new.is_file() and old.stat().st_size != new.stat().st_size:
            raise ArchiveError(f'{old} exists with another content: move it away')


def _move(source: Path, target: Path) -> None:
    """Move the content of a folder into another; a folder that is not there yet is moved whole."""
    for new in sorted(source.iterdir()):
        old = target / new.name
        if new.is_dir() and old.is_dir():
            _move(new, old)
        elif not old.exists():
            new.replace(old)
