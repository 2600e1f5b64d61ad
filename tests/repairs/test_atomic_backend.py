"""MMEngine's backend for local files, with atomic writes."""

import errno
import os

import pytest

from mmpretrain_mlml.checkpoints import AtomicLocalBackend
from mmpretrain_mlml.repairs.atomic_backend import remove_parts


def test_a_write_is_all_or_nothing(tmp_path, monkeypatch):
    backend, path = AtomicLocalBackend(), tmp_path / 'a/x.pth'
    backend.put(b'first', path)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, 'fsync', fail)
        with pytest.raises(OSError, match=r'6 bytes\); what was there before is untouched'):
            backend.put(b'second', path)
    assert path.read_bytes() == b'first'
    assert list(path.parent.iterdir()) == [path]
    backend.put(b'second', path)
    assert path.read_bytes() == b'second'


def fail(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_only_unfinished_checkpoints_are_removed(tmp_path):
    kept = {'epoch_1.pth', '.run.json.part', 'best.pth.part'}
    for name in {'.epoch_1.pth.part', '.epoch_2.pth.01ab23cd.part', *kept}:
        (tmp_path / name).touch()
    remove_parts(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept
