"""Stand-ins for numpy's classes, by which arrays are read from a file as data.

numpy's own ``ndarray`` and ``dtype`` would accept object arrays over forged pointers. The stand-ins
accept every dtype whose items are plain bytes: numbers, strings, times and structures of them.
"""

from __future__ import annotations

import math
import pickle
import re
from typing import Any

import numpy as np

_PLAIN = re.compile(r'([biufcSUV])(\d+)')
_TIME = re.compile(r'[mM]8')
_UNITS = b'Y M W D h m s ms us ns ps fs as generic'.split()
_ALIGNED = 0x80  # numpy's NPY_ALIGNED_STRUCT


class DType:
    """Stand-in for ``numpy.dtype``; :attr:`value` is the real one."""

    value: np.dtype | None = None

    def __init__(self, spec: Any, align: bool = False, copy: bool = False) -> None:
        if not isinstance(spec, str) or not (_PLAIN.fullmatch(spec) or _TIME.fullmatch(spec)):
            raise pickle.UnpicklingError(f'Unsupported dtype {spec!r}')
        self.value = np.dtype(spec)

    def __setstate__(self, state: tuple) -> None:
        if self.value is None or not isinstance(state, tuple) or len(state) not in (8, 9):
            raise pickle.UnpicklingError('Unsupported dtype state')
        order, subarray, names, fields, size, _, flags = state[1:8]
        if order not in ('<', '>', '|'):
            raise pickle.UnpicklingError(f'Unsupported byte order {order!r}')
        if subarray is not None:
            base, shape = subarray
            self.value = np.dtype((real_dtype(base), shape))
        elif names is not None:
            self.value = _structure(names, fields, size, flags)
        elif self.value.kind in 'mM':
            self.value = _time(self.value.kind, state[8])
        if order in '<>':  # of the parts of a structure each has its own
            self.value = self.value.newbyteorder(order)


def real_dtype(stand_in: Any) -> np.dtype:
    """Return the dtype that a stand-in stands for.

    Raises:
        pickle.UnpicklingError: If it stands for none, or for one with objects.
    """
    value = stand_in.value if isinstance(stand_in, DType) else None
    if value is None or value.hasobject:
        raise pickle.UnpicklingError('Unsupported dtype')
    return value


def _structure(names: tuple, fields: dict, size: int, flags: int) -> np.dtype:
    described = [fields[name] for name in names]  # (dtype, offset) or (dtype, offset, title)
    spec: dict[str, Any] = {
        'names': list(names),
        'formats': [real_dtype(field[0]) for field in described],
        'offsets': [field[1] for field in described],
        'itemsize': size,
    }
    if any(len(field) > 2 for field in described):
        spec['titles'] = [field[2] if len(field) > 2 else None for field in described]
    described_type: Any = spec  # numpy's stub has no dicts
    return np.dtype(described_type, align=bool(flags & _ALIGNED))


def _time(kind: str, metadata: Any) -> np.dtype:
    _, (unit, number, divisor, _) = metadata
    if unit not in _UNITS or type(number) is not int or divisor != 1:
        raise pickle.UnpicklingError(f'Unsupported unit {unit!r} of time')
    return np.dtype(f'{kind}8' if unit == b'generic' else f'{kind}8[{number}{unit.decode()}]')


class Array(np.ndarray):
    """Stand-in for ``numpy.ndarray``: as many bytes as dtype and shape require."""

    def __new__(cls) -> Array:
        return super().__new__(cls, 0, np.float64)

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, raw = state
        real = real_dtype(dtype)
        if not isinstance(raw, bytes) or not all(type(n) is int and n >= 0 for n in shape):
            raise pickle.UnpicklingError('Unsupported array')
        if len(raw) != math.prod(shape) * real.itemsize:
            raise pickle.UnpicklingError('Unsupported array, whose shape and bytes disagree')
        checked = (1, shape, real, bool(fortran), raw)
        super().__setstate__(checked)  # type: ignore[arg-type]  # numpy's stub wants numpy.bool


def _empty_array(cls: Any, shape: Any, typecode: Any) -> Array:
    if cls is not Array:
        raise pickle.UnpicklingError(f'Unsupported array class {cls!r}')
    return Array()


def _scalar(dtype: Any, raw: Any) -> Any:
    real = real_dtype(dtype)
    if not isinstance(raw, bytes) or len(raw) != real.itemsize:
        raise pickle.UnpicklingError('Unsupported scalar')
    array = np.ndarray((), real, raw)
    return array.copy()[()]


NAMES: list[tuple[Any, str]] = [
    (Array, 'numpy.ndarray'),
    (DType, 'numpy.dtype'),
    *(
        (function, f'{module}.{name}')
        for module in ('numpy.core.multiarray', 'numpy._core.multiarray')  # numpy 1 and numpy 2
        for name, function in (('_reconstruct', _empty_array), ('scalar', _scalar))
    ),
]
