from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from mmengine.fileio import register_backend
from mmengine.fileio.backends import LocalBackend

ATOMIC = 'atomic_local'
_SUFFIX = '.part'


class AtomicLocalBackend(LocalBackend):
    """MMEngine's backend for local files, whose writes happen completely or not at all.

    A file is written under another name beside its place, brought to the disk, and then renamed. A
    process that is killed, or a disk that is full, leaves the earlier file as it was.
    """

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        """Writes bytes.

        Raises:
            OSError: They could not be written; names the file. Nothing has changed then.
        """
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f'.{path.name}{_SUFFIX}')
        try:
            with part.open('wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OSError(
                error.errno,
                f'could not write {path} ({error.strerror}, {len(obj)} bytes); what was there before '
                'is untouched',
            ) from error
        _bring_names_to_disk(path.parent)


def _bring_names_to_disk(folder: Path) -> None:
    """So that no power cut takes back a new name after older files have been deleted."""
    if hasattr(os, 'O_DIRECTORY'):  # not on Windows
        descriptor = os.open(folder, os.O_DIRECTORY)
        with suppress(OSError):  # some network file systems cannot
            os.fsync(descriptor)
        os.close(descriptor)


def remove_parts(folder: str | os.PathLike) -> None:
    """Removes what killed processes left half written in a folder."""
    for part in Path(folder).glob(f'.*.pth{_SUFFIX}'):
        part.unlink()


register_backend(ATOMIC, AtomicLocalBackend, force=True)
