"""Getting a data set: what is there is verified, what is missing is downloaded and unpacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .catalogue import Archive, PublicData
from .downloading import DownloadError, download, file_md5
from .unpacking import unpack

DOWNLOADS = 'downloads'  # folder of the archives below the root

Report = Callable[[str, int, 'int | None'], None]  # what is done, how far, of how much


class Finding(NamedTuple):
    """What was found of a part of a data set.

    Attributes:
        part: Its name.
        fault: What is missing; empty if all is there.
        how: How to get it by hand.
    """

    part: str
    fault: str
    how: str


def examine(data: PublicData, root: Path) -> list[Finding]:
    """Verify what is there of a data set.

    Args:
        data: An entry of the catalogue.
        root: Its folder.
    """
    archives = [Finding(one.name, _fault(one, root), _how(one, root)) for one in data.archives]
    return archives + _by_hand(data, root)


def prepare(
    data: PublicData,
    root: Path,
    mirror: str = '',
    keep: bool = True,
    report: Report | None = None,
) -> list[Finding]:
    """Download and unpack what is missing of a data set, and verify it.

    Args:
        data: An entry of the catalogue.
        root: Its folder; it is made.
        mirror: Address of a folder that has the files under their names, in place of their own.
        keep: Whether archives are kept once they are unpacked.
        report: Is called with what is done, how far it is, and of how much.

    Returns:
        What was found at the end.

    Raises:
        DownloadError: If a file cannot be downloaded, or another process prepares this folder.
        ArchiveError: If an archive cannot be unpacked.
    """
    root.mkdir(parents=True, exist_ok=True)
    findings = []
    with _alone(root):
        for archive in data.archives:
            if fault := _fault(archive, root):
                _get(archive, root, mirror, report or (lambda *_: None))
                fault = _fault(archive, root)
                if archive.packed and not (keep or fault):
                    (_folder(archive, root) / archive.name).unlink()
            findings.append(Finding(archive.name, fault, _how(archive, root)))
    return findings + _by_hand(data, root)


def _get(archive: Archive, root: Path, mirror: str, report: Report) -> None:
    folder = _folder(archive, root)
    folder.mkdir(exist_ok=True)
    path = folder / archive.name
    if not _is_whole(archive, path):
        url = f'{mirror.rstrip("/")}/{archive.name}' if mirror else archive.url
        download(
            url, path, archive.md5, archive.size,
            lambda done, total: report(f'downloading {archive.name}', done, total or archive.size),
        )  # fmt: skip
    if archive.packed:
        unpack(
            path, root / archive.into, archive.strip,
            lambda number: report(f'unpacking {archive.name}', number, None),
        )  # fmt: skip


def _is_whole(archive: Archive, path: Path) -> bool:
    """Return whether an archive is there, as it should be; somebody may have put it there."""
    if not path.is_file() or not archive.packed:
        return False
    if archive.size not in (None, path.stat().st_size):
        return False
    return not archive.md5 or file_md5(path) == archive.md5


def _fault(archive: Archive, root: Path) -> str:
    return next((fault for content in archive.holds if (fault := content.fault(root))), '')


def _how(archive: Archive, root: Path) -> str:
    return f'{archive.url}, to be put into {_folder(archive, root)}'


def _by_hand(data: PublicData, root: Path) -> list[Finding]:
    return [
        Finding(content.path, content.fault(root), how.format(root=root))
        for content, how in data.by_hand.items()
    ]


def _folder(archive: Archive, root: Path) -> Path:
    """Return the folder that an archive is downloaded to."""
    return root / DOWNLOADS if archive.packed else root


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Keep other processes from preparing the same folder."""
    with (root / '.prepare.lock').open('a') as file:
        try:
            import fcntl  # not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DownloadError(f'{root}: another process prepares it; wait for it') from None
        except (ImportError, OSError):  # a file system without locks
            pass
        yield
