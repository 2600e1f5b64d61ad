"""Archives are unpacked as a whole or not at all, and never outside of their folder."""

import io
import shutil
import tarfile
import zipfile
from types import SimpleNamespace

import pytest

from mmpretrain_mlml.preparation import ArchiveError, unpack

FILES = {'top/a.txt': b'a' * 1000, 'top/sub/b.txt': b'b', '__MACOSX/top/._a.txt': b'junk'}


def write_zip(path, files):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)


def write_tar(path, files):
    with tarfile.open(path, 'w') as tarred:
        for name, content in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            tarred.addfile(item, io.BytesIO(content))


WRITERS = {'zip': write_zip, 'tar': write_tar}
kinds = pytest.mark.parametrize('kind', WRITERS)


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


@pytest.fixture
def root(tmp_path):
    return tmp_path / 'data'


@pytest.fixture
def pack(tmp_path):
    def pack_one(kind, files=FILES):
        path = tmp_path / f'archive.{kind}'
        WRITERS[kind](path, files)
        return path

    return pack_one


@kinds
@pytest.mark.parametrize('strip', ['', 'top', 'other'])
def test_files_are_in_their_places(pack, root, kind, strip):
    numbers = []
    unpack(pack(kind), root, strip, numbers.append)
    head = '' if strip == 'top' else 'top/'
    assert files_in(root) == {f'{head}a.txt': b'a' * 1000, f'{head}sub/b.txt': b'b'}
    assert numbers == [1, 2]


@kinds
@pytest.mark.parametrize(
    'name',
    ['../out.txt', '/out.txt', 'top/../../out.txt', '..\\out.txt', 'C:\\out.txt', 'C:/out.txt'],
)
def test_names_outside_of_the_folder_are_refused(pack, root, tmp_path, kind, name):
    with pytest.raises(ArchiveError, match='lies outside of its folder'):
        unpack(pack(kind, {**FILES, name: b'x'}), root)
    assert files_in(root) == {}
    assert not (tmp_path / 'out.txt').exists()
    assert [path.name for path in root.iterdir()] == []


def test_links_and_devices_are_refused(tmp_path, root):
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        with tarfile.open(tmp_path / 'x.tar', 'w') as tarred:
            item = tarfile.TarInfo('link')
            item.type, item.linkname = kind, '/etc/passwd'
            tarred.addfile(item)
        with pytest.raises(ArchiveError, match="'link' is no plain file"):
            unpack(tmp_path / 'x.tar', root)
    with zipfile.ZipFile(tmp_path / 'x.zip', 'w') as zipped:
        info = zipfile.ZipInfo('link')
        info.external_attr = 0o120777 << 16
        zipped.writestr(info, '/etc/passwd')
    with pytest.raises(ArchiveError, match="'link' is no plain file"):
        unpack(tmp_path / 'x.zip', root)
    assert files_in(root) == {}


@kinds
def test_a_damaged_archive_leaves_nothing(pack, root, kind):
    path = pack(kind, {'a.txt': bytes(range(256)) * 40, 'b.txt': b'b' * 9000})
    whole = path.read_bytes()
    for damaged in (
        whole[: len(whole) // 2],
        b'',
        b'<html>404</html>',
        _flipped(whole) if kind == 'zip' else b'x',
    ):
        path.write_bytes(damaged)
        with pytest.raises(ArchiveError):
            unpack(path, root)
        assert files_in(root) == {}


def _flipped(data):
    """A zip file with a bit of its first file changed: the checksum tells."""
    return data[:60] + bytes([data[60] ^ 1]) + data[61:]


@kinds
def test_files_that_are_there_stay_and_others_are_never_replaced(pack, root, kind):
    (root / 'top').mkdir(parents=True)
    (root / 'top/a.txt').write_bytes(b'A' * 1000)  # of one size
    (root / 'top/mine.txt').write_bytes(b'mine')
    unpack(pack(kind), root)
    assert files_in(root)['top/a.txt'] == b'A' * 1000
    assert files_in(root)['top/mine.txt'] == b'mine'
    (root / 'top/a.txt').write_bytes(b'another')
    before = files_in(root)
    with pytest.raises(ArchiveError, match=r'top/a\.txt exists with another content: move it away'):
        unpack(pack(kind), root)
    assert files_in(root) == before


def test_what_a_killed_process_left_is_removed(pack, root):
    (root / '.archive.zip.unpacking/top').mkdir(parents=True)
    (root / '.archive.zip.unpacking/top/half.txt').write_bytes(b'half')
    unpack(pack('zip'), root)
    assert sorted(files_in(root)) == ['top/a.txt', 'top/sub/b.txt']


@kinds
def test_an_archive_that_does_not_fit(pack, root, kind, monkeypatch):
    path = pack(kind)
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=100))
    with pytest.raises(ArchiveError, match=r'needs 0\.0 GB, 0\.0 GB are free'):
        unpack(path, root)
    assert files_in(root) == {}


def test_an_archive_without_files(tmp_path, root):
    write_zip(tmp_path / 'x.zip', {})
    with pytest.raises(ArchiveError, match='an archive without files'):
        unpack(tmp_path / 'x.zip', root)
