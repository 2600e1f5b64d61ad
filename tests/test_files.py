"""Atomic writing: the whole new file, or the earlier one unchanged."""

import errno
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers import ROOT

from mmpretrain_mlml import files
from mmpretrain_mlml.files import atomic_write, remove_unfinished


def write(path, content):
    with atomic_write(path, 'w' if isinstance(content, str) else 'wb') as file:
        file.write(content)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize('content', [b'\x00\r\n\xff', 'é\nsecond line\r\n', b'', ''])
def test_content_is_written_unchanged(tmp_path, content):
    write(tmp_path / 'x', b'an earlier, longer file that must not shine through')
    write(str(tmp_path / 'x'), content)
    expected = content.encode() if isinstance(content, str) else content
    assert (tmp_path / 'x').read_bytes() == expected
    assert names_in(tmp_path) == ['x']


def test_encoding_applies_to_text(tmp_path):
    with atomic_write(tmp_path / 'x', 'w', encoding='latin-1') as file:
        file.write('é')
    assert (tmp_path / 'x').read_bytes() == b'\xe9'


def test_permissions_follow_the_umask(tmp_path):
    write(tmp_path / 'x', b'')
    (tmp_path / 'plain').touch()
    assert (tmp_path / 'x').stat().st_mode == (tmp_path / 'plain').stat().st_mode


@pytest.mark.parametrize('error', [ValueError('bad row'), KeyboardInterrupt(), SystemExit(3)])
def test_an_error_in_the_block_leaves_the_earlier_file(tmp_path, error):
    write(tmp_path / 'x', b'first')

    def interrupted():
        with atomic_write(tmp_path / 'x') as file:
            file.write(b'second')
            raise error

    with pytest.raises(type(error)) as caught:
        interrupted()
    assert caught.value is error
    assert (tmp_path / 'x').read_bytes() == b'first'
    assert names_in(tmp_path) == ['x']


def test_an_error_of_another_file_keeps_its_message(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, atomic_write(tmp_path / 'x'):
        (tmp_path / 'input').read_text()
    assert caught.value.filename == str(tmp_path / 'input')
    assert 'could not write' not in str(caught.value)
    assert names_in(tmp_path) == []


def test_content_reaches_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path, monkeypatch
):
    events, replace, fsync = [], Path.replace, os.fsync
    monkeypatch.setattr(Path, 'replace', lambda *paths: (events.append('renamed'), replace(*paths)))

    def watch(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        events.append('names of the folder' if is_folder else 'file')
        fsync(descriptor)

    monkeypatch.setattr(os, 'fsync', watch)
    write(tmp_path / 'x', b'new')
    assert events == ['file', 'renamed', 'names of the folder']


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'could not write .*/none/x \(No such file'):
        write(tmp_path / 'none/x', b'')


@pytest.mark.parametrize('content', [b'-' * 3000, '-' * 3000], ids=['bytes', 'text'])
@pytest.mark.skipif(not Path('/dev/full').exists(), reason='needs /dev/full')
def test_a_full_disk_leaves_the_earlier_file(tmp_path, content, monkeypatch):
    """The write itself fails, when the buffer of the file is flushed."""
    write(tmp_path / 'x', b'first')
    full = tmp_path / '.x.0.part'
    full.symlink_to('/dev/full')
    opened = full.open('w' if isinstance(content, str) else 'wb')
    monkeypatch.setattr(files, '_open_temporary', lambda *_: (full, opened))
    monkeypatch.setattr(files, 'remove_unfinished', lambda *_: None)
    with pytest.raises(
        OSError, match=r'could not write .*/x \(No space left .* untouched'
    ) as caught:
        write(tmp_path / 'x', content)
    assert caught.value.errno == errno.ENOSPC
    assert (tmp_path / 'x').read_bytes() == b'first'
    assert names_in(tmp_path) == ['x']


def test_a_file_beyond_the_limit_leaves_the_earlier_file(tmp_path):
    write(tmp_path / 'x', b'first')
    code = (
        'import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000));'
        'import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n'
        'with atomic_write(sys.argv[2]) as file: file.write(b"-" * 9000)'
    )
    done = run(code, tmp_path / 'x')
    assert f'could not write {tmp_path}/x (File too large, after 5000 bytes)' in done.stderr
    assert (tmp_path / 'x').read_bytes() == b'first'
    assert names_in(tmp_path) == ['x']


def test_a_killed_process_leaves_the_earlier_file(tmp_path):
    write(tmp_path / 'x', b'first')
    code = (
        'import os, signal\n'
        'with atomic_write(sys.argv[2]) as file:\n'
        '    file.write(b"half"); file.flush(); os.kill(os.getpid(), signal.SIGKILL)'
    )
    assert run(code, tmp_path / 'x').returncode == -signal.SIGKILL
    assert (tmp_path / 'x').read_bytes() == b'first'
    assert [re.sub('[0-9a-f]{8}', '#', name) for name in names_in(tmp_path)] == ['.x.#.part', 'x']
    write(tmp_path / 'y', b'')  # another file
    assert len(names_in(tmp_path)) == 3
    write(tmp_path / 'x', b'second')
    assert names_in(tmp_path) == ['x', 'y']


def test_two_writers_of_one_file_do_not_disturb_each_other(tmp_path):
    """The last one to end wins, and its file is whole."""
    with atomic_write(tmp_path / 'x') as slow:
        slow.write(b'slow' * 5000)
        write(tmp_path / 'x', b'quick')
        remove_unfinished(tmp_path, '*')  # as a run that starts beside this one does
        assert (tmp_path / 'x').read_bytes() == b'quick'
        slow.write(b'end')
    assert (tmp_path / 'x').read_bytes() == b'slow' * 5000 + b'end'
    assert names_in(tmp_path) == ['x']


def test_a_temporary_file_that_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    lock, locked = files._lock, []

    def lose_the_first(file, path):
        if not locked:
            path.unlink()
        locked.append(path)
        return lock(file, path)

    monkeypatch.setattr(files, '_lock', lose_the_first)
    write(tmp_path / 'x', b'content')
    assert (tmp_path / 'x').read_bytes() == b'content'
    assert len(set(locked)) == 2


def test_a_temporary_file_that_another_process_is_looking_at_is_made_again(tmp_path, monkeypatch):
    """Another writer of the same file locks it first, and then removes it."""
    lock, looked = files._lock, []

    def look_first(file, path):
        if not looked:
            looked.append(path)
            other = path.open('r+b')
            assert lock(other, path)
            remove = threading.Timer(0.1, lambda: (path.unlink(), other.close()))
            remove.start()
        return lock(file, path)

    monkeypatch.setattr(files, '_lock', look_first)
    write(tmp_path / 'x', b'content')
    assert (tmp_path / 'x').read_bytes() == b'content'


def test_without_locks_an_unfinished_file_is_removed_after_a_day(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(files.fcntl, 'flock', no_locks)
    new, old = tmp_path / '.x.00000001.part', tmp_path / '.x.00000002.part'
    new.touch()
    old.touch()
    os.utime(old, (0, 0))
    write(tmp_path / 'x', b'content')
    assert names_in(tmp_path) == [new.name, 'x']


def run(code, path):
    """Run code in another process, with ``files.py`` alone: it needs the standard library only."""
    code = f'import sys; sys.path.append(sys.argv[1]); from files import atomic_write\n{code}'
    command = [sys.executable, '-c', code, str(ROOT / 'mmpretrain_mlml'), str(path)]
    return subprocess.run(command, capture_output=True, text=True)
