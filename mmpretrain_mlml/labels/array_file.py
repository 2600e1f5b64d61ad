"""Several arrays and a header in one file, to be mapped into memory. No pickle."""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

MAGIC = 'mmpretrain_mlml arrays 1'
ALIGNMENT = 64


def write_arrays(
    file: IO[bytes], header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write a header and arrays: ``.npy`` files one after another, each at a multiple of 64 bytes.

    Args:
        file: File to write to, from its start.
        header: Anything that JSON holds.
        arrays: Arrays of numbers by name.
    """
    content = {'magic': MAGIC, 'arrays': list(arrays), 'header': header}
    text = np.frombuffer(json.dumps(content).encode(), np.uint8)
    for array in (text, *arrays.values()):
        npy.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
        file.write(bytes(-file.tell() % ALIGNMENT))


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what :func:`write_arrays` wrote. The arrays are mapped: they are read where used.

    Args:
        path: The file.

    Returns:
        Header, and read-only arrays by name.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is incomplete or of another kind.
    """
    with path.open('rb') as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise ValueError(f'{path} is empty')
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        text = _map_next(file, memory)
        content = json.loads(text.tobytes())
        if not isinstance(content, dict) or content.get('magic') != MAGIC:
            raise ValueError(f'{path} is no file of arrays of this version')
        arrays = {name: _map_next(file, memory) for name in content['arrays']}
    return content['header'], arrays


def _map_next(file: IO[bytes], memory: mmap.mmap) -> np.ndarray:
    """Return the array at the position of a file, and move on to the next."""
    version = npy.read_magic(file)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(file)
    if dtype.hasobject:
        raise ValueError('an array of objects')
    count = int(np.prod(shape, dtype=np.int64))
    start = file.tell()
    array = np.frombuffer(memory, dtype, count, start)  # ValueError if the file ends before
    file.seek(start + array.nbytes + -(start + array.nbytes) % ALIGNMENT)
    return array.reshape(shape)
