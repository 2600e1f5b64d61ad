"""Downloading a large file: it resumes, is verified, and appears as a whole or not at all.

With the standard library alone: torchvision's ``download_url`` and pooch start again from the first
byte after a cut connection, which is no way to get 19 GB.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from io import FileIO
from pathlib import Path
from ssl import SSLError
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

BLOCK = 1 << 20  # bytes that are read together
TIMEOUT = 60  # seconds without a byte after which a connection counts as cut
ATTEMPTS = 5  # in a row without a new byte
# Status codes after which another attempt makes sense.
PASSING = (408, 425, 429, 500, 502, 503, 504)

Report = Callable[[int, 'int | None'], None]  # bytes that are there, and bytes of the whole


class DownloadError(RuntimeError):
    """A file cannot be downloaded. The message says what is there and what to do."""


def download(
    url: str,
    path: Path,
    md5: str = '',
    size: int | None = None,
    report: Report | None = None,
    pause: float = 1.0,
) -> None:
    """Download a file.

    What has arrived lies in a hidden file beside ``path`` and is continued, in this call and the next
    ones, unless the server cannot or the file there has changed. ``path`` appears once it is complete.

    Args:
        url: Address, http or https.
        path: File to write. Its folder must exist.
        md5: Expected MD5, hexadecimal; empty to take what the server sends, of the size that it says.
        size: Expected size in bytes; None for what the server says.
        report: Is called with the bytes that are there, and those of the whole if known.
        pause: Seconds to wait before a second attempt; it doubles each time.

    Raises:
        DownloadError: If the file cannot be had, is another one than expected, or does not fit.
    """
    if not url.startswith(('http://', 'https://')):
        raise DownloadError(f'{url}: expected an address that begins with http:// or https://')
    partial = path.with_name(f'.{path.name}.download')
    with partial.open('a+b', buffering=0) as file:
        try:
            _fill(file, url, partial, md5, size, report or (lambda *_: None), pause)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise DownloadError(
                f'{url}: no room left in {path.parent} ({error.strerror}); '
                f'{file.tell():,} bytes are kept, run again to continue'
            ) from error
        finally:
            if not file.seek(0, os.SEEK_END):
                _forget(partial)
        os.fsync(file.fileno())
    got = partial.stat().st_size
    wrong = f'{got:,} bytes, expected {size:,}' if size not in (None, got) else ''
    if not wrong and md5 and (found := file_md5(partial)) != md5:
        wrong = f'MD5 {found}, expected {md5}'
    if wrong:
        _forget(partial)
        raise DownloadError(f'{url}: {wrong}; what came is removed, run again or get it by hand')
    partial.replace(path)
    _forget(partial)


def file_md5(path: Path) -> str:
    """Return the MD5 of a file, hexadecimal."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open('rb') as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _fill(
    file: FileIO,
    url: str,
    partial: Path,
    md5: str,
    size: int | None,
    report: Report,
    pause: float,
) -> None:
    """Append to the file until it is complete."""
    failures, most, version = 0, file.seek(0, os.SEEK_END), _kept_version(partial, url)
    while True:
        done = file.seek(0, os.SEEK_END)
        if done and not (version or md5):  # nothing would tell that the rest is of the same file
            done = file.truncate(0)
        try:
            with _ask(url, done, version) as answer:
                start, total = _range_of(answer, done)
                if size is not None and total not in (None, size):
                    raise DownloadError(
                        f'{url}: another file than expected, of {total:,} bytes instead of {size:,}'
                    )
                if start != done:
                    file.truncate(start)
                version = _keep_version(partial, url, answer)
                _require_room(partial.parent, url, (total or size or 0) - start)
                if _append(file, answer, total, report):
                    return
                reason = f'the connection broke off after {file.tell():,} bytes'
        except HTTPError as error:
            if error.code == 416:  # what is there reaches to the end of the file, or beyond it
                if done and done == _total(error.headers.get('Content-Range', '')):
                    return
                file.truncate(0)
            elif error.code not in PASSING:
                raise DownloadError(f'{url}: {error.code} {error.reason}') from error
            reason = f'{error.code} {error.reason}'
        except (URLError, HTTPException, ConnectionError, TimeoutError, SSLError) as error:
            reason = str(error)
        there = file.seek(0, os.SEEK_END)
        failures, most = 0 if there > most else failures + 1, max(there, most)
        if failures == ATTEMPTS:
            kept = f'{file.tell():,} bytes are kept, run again to continue'
            raise DownloadError(f'{url}: {reason}, {ATTEMPTS} times; {kept}')
        time.sleep(pause * 2 ** max(failures - 1, 0))


def _ask(url: str, done: int, version: str) -> HTTPResponse:
    headers = {'User-Agent': 'mmpretrain_mlml', 'Accept-Encoding': 'identity'}
    if done:
        headers['Range'] = f'bytes={done}-'
        if version:
            headers['If-Range'] = version  # all of it if it has changed
    answer: HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    return answer


def _range_of(answer: HTTPResponse, done: int) -> tuple[int, int | None]:
    """Return where the bytes of an answer begin in the file, and the bytes of the whole file."""
    if answer.status == 206:
        given = answer.headers.get('Content-Range', '')
        first = given.removeprefix('bytes ').partition('-')[0]
        if first != str(done):
            raise HTTPException(f'asked for bytes from {done} on, got {given!r}')
        return done, _total(given)
    length = answer.headers.get('Content-Length')
    return 0, int(length) if length else None


def _total(content_range: str) -> int | None:
    total = content_range.rpartition('/')[2]
    return int(total) if total.isdecimal() else None


def _append(file: FileIO, answer: HTTPResponse, total: int | None, report: Report) -> bool:
    """Append an answer; return whether the file is complete."""
    while block := answer.read(BLOCK):
        while block:
            block = block[file.write(block) :]  # all of it, unless the disk is full
        report(file.tell(), total)
    return total in (None, file.tell())


def _require_room(folder: Path, url: str, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f'{url}: needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free in {folder}'
        )


def _version_file(partial: Path) -> Path:
    return partial.with_name(f'{partial.name}.json')


def _kept_version(partial: Path, url: str) -> str:
    """Return what the server called the version of the file of which a part is there."""
    try:
        kept = json.loads(_version_file(partial).read_text())
        return str(kept['version']) if kept['url'] == url else ''
    except (OSError, ValueError, KeyError, TypeError):
        return ''


def _keep_version(partial: Path, url: str, answer: HTTPResponse) -> str:
    tag = answer.headers.get('ETag', '')
    version = answer.headers.get('Last-Modified', '') if tag.startswith('W/') else tag
    version = version or answer.headers.get('Last-Modified', '')
    _version_file(partial).write_text(json.dumps({'url': url, 'version': version}))
    return version


def _forget(partial: Path) -> None:
    for path in (partial, _version_file(partial)):
        path.unlink(missing_ok=True)
