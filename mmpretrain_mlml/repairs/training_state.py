"""Safe unpickling of the training state in MMEngine's checkpoints.

torch's ``weights_only`` unpickler builds only objects that are allowed by name. Here the names that
MMEngine writes lead to stand-ins that accept plain numbers and reject everything else: numpy's own
``ndarray`` and ``dtype`` would accept object arrays over forged pointers, and HistoryBuffer's own
``__setstate__`` changes the class for the whole process.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler


def allow_training_state() -> None:
    """Let ``torch.load(weights_only=True)`` read the training state in mmengine's checkpoints.

    Symptom: ``--resume`` and ``tools/test.py`` fail with "Weights only load failed ... Unsupported
    global", because a checkpoint also holds HistoryBuffer, numpy arrays and scalars, and ``getattr``
    on methods of HistoryBuffer and of the one-cycle scheduler. The usual workarounds,
    ``weights_only=False`` or allowing these classes themselves, let a hostile file run code or corrupt
    memory.
    Versions: mmengine 0.10.7 with torch >= 2.6.
    Goes when: mmengine stores plain data.
    """
    core = ('numpy.core.multiarray', 'numpy._core.multiarray')  # of numpy 1 and of numpy 2
    torch.serialization.add_safe_globals(
        [
            (_Array, 'numpy.ndarray'),
            (_DType, 'numpy.dtype'),
            *((_empty_array, f'{module}._reconstruct') for module in core),
            *((_scalar, f'{module}.scalar') for module in core),
            (_History, 'mmengine.logging.history_buffer.HistoryBuffer'),
            (_OneCycle, 'mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler'),
            (_stored_method, 'builtins.getattr'),
        ]
    )


class _DType:
    """Stand-in for ``numpy.dtype``: booleans, integers and floats."""

    def __init__(self, spec: Any, align: bool = False, copy: bool = False) -> None:
        if not (isinstance(spec, str) and spec[:1] in 'biuf' and spec[1:].isdecimal()):
            raise pickle.UnpicklingError(f'Unsupported dtype {spec!r}')
        self.dtype = np.dtype(spec)

    def __setstate__(self, state: tuple) -> None:
        if len(state) < 2 or state[1] not in '<>|=':
            raise pickle.UnpicklingError(f'Unsupported dtype state {state!r}')
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array(np.ndarray):
    """Stand-in for ``numpy.ndarray``: plain numbers, as many as the shape requires.

    It remains a subclass in memory and is pickled as a plain array.
    """

    def __new__(cls) -> _Array:
        return super().__new__(cls, 0, np.float64)

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, raw = state
        if not isinstance(dtype, _DType) or not isinstance(raw, bytes):
            raise pickle.UnpicklingError('Unsupported array')
        np.frombuffer(raw, dtype.dtype).reshape(
            shape
        )  # raises an error if shape and bytes disagree
        checked = (1, shape, dtype.dtype, bool(fortran), raw)
        super().__setstate__(checked)  # type: ignore[arg-type]  # numpy's stub wants numpy.bool

    def __reduce__(self) -> str | tuple:
        return self.view(np.ndarray).__reduce__()


def _empty_array(cls: Any, shape: Any, typecode: Any) -> _Array:
    if cls is not _Array:
        raise pickle.UnpicklingError(f'Unsupported array class {cls!r}')
    return _Array()


def _scalar(dtype: _DType, raw: bytes) -> np.generic:
    if not isinstance(dtype, _DType) or not isinstance(raw, bytes):
        raise pickle.UnpicklingError('Unsupported scalar')
    (value,) = np.frombuffer(raw, dtype.dtype)
    return value


class _History(HistoryBuffer):
    """Stand-in for HistoryBuffer; becomes a real one once its numbers are read."""

    def __init__(self) -> None:
        super().__init__()

    def __setstate__(self, state: dict) -> None:
        super().__init__()
        for name in ('_log_history', '_count_history'):
            if not isinstance(state.get(name), _Array):
                raise pickle.UnpicklingError(f'Unsupported HistoryBuffer without {name}')
            setattr(self, name, np.array(state[name]))
        if 'max_length' in state:
            self.max_length = int(state['max_length'])
        self.__class__ = HistoryBuffer


class _OneCycle:
    """Stand-in for the one-cycle scheduler, of which only the annealing functions are stored."""

    def __init__(self) -> None:
        raise pickle.UnpicklingError('Unsupported call of OneCycleParamScheduler')


_STORED_METHODS = {
    _History: (HistoryBuffer, ('min', 'max', 'mean', 'current')),
    _OneCycle: (OneCycleParamScheduler, ('_annealing_cos', '_annealing_linear')),
}


def _stored_method(owner: Any, name: str) -> Any:
    """Stand-in for ``getattr``: the methods that mmengine stores, and no other attribute."""
    for stand_in, (cls, names) in _STORED_METHODS.items():
        if owner is stand_in and name in names:
            return getattr(cls, name)
    raise pickle.UnpicklingError(f'Unsupported attribute {name!r} of {owner!r}')
