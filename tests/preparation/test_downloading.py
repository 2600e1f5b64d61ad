"""Downloads from a real server: they resume, are verified, and appear as a whole or not at all."""

import errno
import hashlib
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from mmpretrain_mlml.preparation import DownloadError, download, downloading

DATA = np.random.RandomState(0).bytes(3_000_000)
MD5 = hashlib.md5(DATA).hexdigest()


@pytest.fixture
def get(server, tmp_path):
    server.files['a.zip'] = DATA

    def get_it(md5=MD5, **options):
        path = tmp_path / 'a.zip'
        download(f'{server.url}/a.zip', path, md5, pause=0, **options)
        assert path.read_bytes() == server.files['a.zip']
        assert [file.name for file in tmp_path.iterdir()] == ['a.zip']

    return get_it


def kept(tmp_path):
    return (tmp_path / '.a.zip.download').stat().st_size


@pytest.mark.parametrize('md5', ['', MD5])
@pytest.mark.parametrize('size', [None, len(DATA)])
def test_a_file_is_what_the_server_has(get, server, md5, size):
    seen = []
    get(md5, size=size, report=lambda done, total: seen.append((done, total)))
    assert server.requests == [('a.zip', '')]
    assert seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_cut_connection_is_continued(get, server):
    server.cut_after = [1_000_000, 0, 500_000]
    get()
    assert [wanted for _, wanted in server.requests] == [
        '', 'bytes=1000000-', 'bytes=1000000-', 'bytes=1500000-',
    ]  # fmt: skip


def test_the_next_call_continues_where_the_last_one_ended(get, server, tmp_path):
    server.cut_after = [700_000, 0, 0, 0, 0, 0]
    with pytest.raises(
        DownloadError, match=r'broke off after 700,000 bytes, 5 times; 700,000 bytes'
    ):
        get()
    assert kept(tmp_path) == 700_000
    server.requests.clear()
    get()
    assert server.requests == [('a.zip', 'bytes=700000-')]


def test_a_server_without_ranges_starts_again(get, server):
    server.ranges = False
    server.cut_after = [1_000_000]
    get()
    assert len(server.requests) == 2


def test_a_server_without_ranges_that_always_breaks_off_is_given_up(get, server):
    server.ranges = False
    server.cut_after = [1_000_000] * 9
    with pytest.raises(DownloadError, match='1,000,000 bytes, 5 times'):
        get()
    assert len(server.requests) == 6


def test_a_file_that_changed_meanwhile_starts_again(get, server, tmp_path):
    """Its first part is not that of the new file; without a checksum only the server's tag tells."""
    server.cut_after = [700_000, 0, 0, 0, 0, 0]
    with pytest.raises(DownloadError):
        get('')
    server.files['a.zip'], server.tag = DATA[::-1], '"two"'
    get('')


def test_without_a_tag_or_a_checksum_nothing_is_continued(get, server):
    server.tag = ''
    server.cut_after = [700_000]
    get('')
    assert server.requests == [('a.zip', ''), ('a.zip', '')]
    server.requests.clear()


def test_a_part_that_is_whole_is_taken(get, server, tmp_path):
    (tmp_path / '.a.zip.download').write_bytes(DATA)
    get()
    assert server.requests == [('a.zip', f'bytes={len(DATA)}-')]


def test_a_part_that_is_too_long_starts_again(get, tmp_path):
    (tmp_path / '.a.zip.download').write_bytes(DATA + b'more')
    get()


def test_a_file_that_is_another_one_is_removed(get, tmp_path):
    message = f'MD5 {MD5}, expected ffff.*; what came is removed, run again'
    with pytest.raises(DownloadError, match=message):
        get('f' * 32)
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_size_is_refused_before_it_comes(get, tmp_path, server):
    with pytest.raises(DownloadError, match=r'of 3,000,000 bytes instead of 5'):
        get(size=5)
    assert not list(tmp_path.iterdir())
    assert len(server.requests) == 1


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(get, server):
    server.status = [503, 503]
    get()
    assert len(server.requests) == 3
    server.status = [403]
    with pytest.raises(DownloadError, match=r'a\.zip: 403'):
        get()
    assert len(server.requests) == 4


def test_no_server(tmp_path, server):
    url = f'http://127.0.0.1:{server.server_port}/a'
    server.status = [500] * 9
    with pytest.raises(DownloadError, match=r'500 .*, 5 times; 0 bytes are kept'):
        download(url, tmp_path / 'a', pause=0)
    for url in ('file:///etc/passwd', 'ftp://host/a'):
        with pytest.raises(DownloadError, match='begins with http:// or https://'):
            download(url, tmp_path / 'a')


def test_a_disk_without_room_is_found_out_before(get, server, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=1000))
    with pytest.raises(DownloadError, match=r'needs 0\.0 GB, 0\.0 GB are free'):
        get()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_keeps_what_is_there(get, server, monkeypatch, tmp_path):
    append = downloading._append

    def fill(file, answer, total, report):
        file.write(answer.read(400_000))
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(downloading, '_append', fill)
    with pytest.raises(DownloadError, match=r'no room left in .*; 400,000 bytes are kept'):
        get()
    monkeypatch.setattr(downloading, '_append', append)
    get()
    assert server.requests[-1] == ('a.zip', 'bytes=400000-')
