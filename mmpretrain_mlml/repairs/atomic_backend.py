from __future__ import annotations

import os
from pathlib import Path

from mmengine.fileio import register_backend
from mmengine.fileio.backends import LocalBackend

from ..files import atomic_write, remove_unfinished

ATOMIC = 'atomic_local'


class AtomicLocalBackend(LocalBackend):
    """MMEngine's backend for local files, with atomic writes.

    Symptom: the backend of MMEngine writes in place, so a full disk or a killed process leaves half a
    checkpoint where a whole one was. Used through ``backend_args={'backend': 'atomic_local'}``.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``LocalBackend.put`` writes to a temporary file and renames it.
    """

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        """Write bytes to a file; its folder is created if necessary.

        Raises:
            OSError: If the file cannot be written. The message names it; an earlier file is unchanged.
        """
        Path(filepath).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(filepath) as file:
            file.write(obj)


def remove_parts(folder: str | os.PathLike) -> None:
    """Remove the unfinished checkpoints that killed processes left in a folder."""
    remove_unfinished(folder, '*.pth')


register_backend(ATOMIC, AtomicLocalBackend, force=True)
