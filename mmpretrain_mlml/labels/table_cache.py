"""A cache beside a label file, from which the next start reads its labels without parsing.

The cache is one hidden file for each way of reading, ``.NAME.KEY.cache``: arrays that are mapped into
memory, so that all processes of a machine share them. It holds the digest of the label file, or of a
folder of text files, and is used only if that is unchanged.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from time import time_ns
from typing import IO, Any

import numpy as np

from ..files import atomic_write
from .array_file import read_arrays, write_arrays
from .label_table import LabelKinds, LabelTable
from .parsed import ParsedTable
from .source_files import content_digest, files_below, state_of
from .text_array import TextArray

VERSION = 1  # of what is parsed and how; a new one makes earlier caches unused
SMALLEST = 4 << 20  # bytes from which a label file gets a cache, unless the caller says otherwise
FEWEST = 10_000  # files from which a folder gets one
STEADY = 2_000_000_000  # ns after which a change of a file surely shows in its times


@dataclass(frozen=True, eq=False, repr=False)
class MappedTable(LabelTable):
    """A table whose arrays are mapped from a cache. Pickling it keeps the name of the cache only.

    What :func:`dataclasses.replace` makes of it, such as a protocol does, no longer is what the cache
    holds: it counts and is pickled as any other table.
    """

    cache: str = field(default='', init=False)
    digest: str = field(default='', init=False)
    kinds: LabelKinds | None = field(default=None, init=False)

    @classmethod
    def of(cls, table: LabelTable, cache: Path, digest: str, kinds: LabelKinds) -> MappedTable:
        """Return a table whose arrays are those of a cache."""
        mapped = cls(**{item.name: getattr(table, item.name) for item in fields(table)})
        for name, value in (('cache', str(cache)), ('digest', digest), ('kinds', kinds)):
            object.__setattr__(mapped, name, value)
        return mapped

    def counts(self) -> LabelKinds:
        """Return the number of images of each class, which the cache holds."""
        return self.kinds or super().counts()

    def __reduce__(self) -> tuple[Any, ...]:
        if self.cache:
            return _reopen, (self.cache, self.source, self.digest)
        return LabelTable, tuple(getattr(self, item.name) for item in fields(LabelTable))


def cached(
    path: Path, key: object, parse: Callable[[], ParsedTable], use: bool | None
) -> ParsedTable:
    """Return the result of parsing a file, from its cache if that is still valid.

    Of several processes that start together one parses; the others wait for its cache. A result with
    problems is not kept. If the folder cannot be written, a note says so.

    Args:
        path: Label file, or folder of images with text files.
        key: What the result depends on besides the file; its ``repr`` tells keys apart.
        parse: Parses the file.
        use: Whether to use a cache; None for files of 4 MB and folders of 10,000 files and more.
    """
    if use is False or (use is None and not _is_large(path)):
        return parse()
    short = blake2b(
        repr((VERSION, key)).encode('utf-8', 'surrogatepass'), digest_size=6
    ).hexdigest()
    named = path.resolve() if path.name in ('', '..') else path
    cache = named.with_name(f'.{named.name}.{short}.cache')
    found = _load(cache, path)
    if found is None:
        with _locked(path):
            found = _load(cache, path) or _parse_and_save(cache, path, parse)
    return found


def _parse_and_save(cache: Path, path: Path, parse: Callable[[], ParsedTable]) -> ParsedTable:
    before = state_of(path)
    parsed = parse()
    if parsed.problems:
        return parsed
    digest = content_digest(path)
    if state_of(path) != before:  # it changed meanwhile
        return parsed
    own = cache.with_name(f'{cache.name}.{os.getpid()}')
    try:
        with atomic_write(own) as file:
            _save(file, parsed, {'digest': digest, 'stat': before, 'time': time_ns()})
        own.replace(cache)
    except OSError as error:
        with suppress(OSError):
            own.unlink()
        note = f'{path}: no cache beside it ({error.strerror}); every start parses it again'
        return parsed._replace(notes=[*parsed.notes, note])
    return _load(cache, path) or parsed


def _save(file: IO[bytes], parsed: ParsedTable, identity: dict[str, Any]) -> None:
    table = parsed.table
    header = {
        **identity,
        'classes': table.classes,
        'fill': table.fill,
        'prefix': table.place_prefix.removeprefix(table.source),
        'extras': list(table.extras),
        'notes': [note.removeprefix(table.source) for note in parsed.notes],
        'left_out': parsed.left_out,
    }
    arrays = {name: getattr(table, name) for name in ('offsets', 'indices', 'values', 'places')}
    arrays['kinds'] = np.stack(table.counts())
    texts = [table.names, *table.extras.values()]
    for number, text in enumerate(texts):
        arrays |= {f'data{number}': text.data, f'ends{number}': text.ends}
    write_arrays(file, header, arrays)


def _load(cache: Path, path: Path) -> ParsedTable | None:
    """Return the content of a cache; None if it is not there, not valid, or of other content."""
    try:
        header, arrays = read_arrays(cache)
        if not _is_of(header, path):
            return None
        texts = [
            TextArray(arrays[f'data{number}'], arrays[f'ends{number}'])
            for number in range(1 + len(header['extras']))
        ]
        offsets, indices, values = arrays['offsets'], arrays['indices'], arrays['values']
        lengths = (len(texts[0]) + 1, int(offsets[-1]), int(offsets[-1]))
        if lengths != (len(offsets), len(indices), len(values)):
            return None
        table = LabelTable(
            texts[0], tuple(header['classes']), offsets, indices, values, header['fill'], str(path),
            arrays['places'], f'{path}{header["prefix"]}', dict(zip(header['extras'], texts[1:])),
        )  # fmt: skip
        table = MappedTable.of(table, cache, header['digest'], LabelKinds(*arrays['kinds']))
        notes = [f'{path}{note}' for note in header['notes']]
        return ParsedTable(table, [], notes, header['left_out'])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def _is_of(header: dict[str, Any], path: Path) -> bool:
    """Return whether a cache was made of the content that a file has now."""
    stat = state_of(path)
    unchanged = header['stat'] == stat
    if unchanged and header['time'] - max(stat['mtime'], stat['ctime']) > STEADY:
        return True
    return header['stat']['size'] == stat['size'] and bool(header['digest'] == content_digest(path))


def _reopen(cache: str, source: str, digest: str) -> LabelTable:
    """Return the table of a cache in another process."""
    found = _load(Path(cache), Path(source))
    if found is None or getattr(found.table, 'digest', '') != digest:
        raise OSError(f'{cache} changed while it was used; start again')
    return found.table


def _is_large(path: Path) -> bool:
    if path.is_dir():
        return sum(1 for _ in islice(files_below(path), FEWEST)) == FEWEST
    return path.stat().st_size >= SMALLEST


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other processes of this machine out, if the file system can."""
    file = None
    try:
        with suppress(ImportError, OSError):
            import fcntl  # not on Windows

            file = os.open(path, os.O_RDONLY)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        if file is not None:
            os.close(file)
