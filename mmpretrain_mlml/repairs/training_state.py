"""Stand-ins for the classes of MMEngine's training state.

HistoryBuffer's own ``__setstate__`` changes the class for the whole process, and ``getattr``, by which
its methods are stored, reaches any function.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

from .numpy_data import Array


class _History(HistoryBuffer):
    """Stand-in for HistoryBuffer; becomes a real one once its numbers are read."""

    def __init__(self) -> None:
        super().__init__()

    def __setstate__(self, state: dict) -> None:
        super().__init__()
        for name in ('_log_history', '_count_history'):
            if not isinstance(state.get(name), Array):
                raise pickle.UnpicklingError(f'Unsupported HistoryBuffer without {name}')
            setattr(self, name, np.array(state[name]))
        if 'max_length' in state:
            self.max_length = int(state['max_length'])
        self.__class__ = HistoryBuffer


class _OneCycle:
    """Stand-in for the one-cycle scheduler, of which only the annealing functions are stored."""

    def __init__(self) -> None:
        raise pickle.UnpicklingError('Unsupported call of OneCycleParamScheduler')


# By the stand-in for a class: the class, and the attributes of it that checkpoints name.
STORED_ATTRIBUTES: dict[type, tuple[type, tuple[str, ...]]] = {
    _History: (HistoryBuffer, ('min', 'max', 'mean', 'current')),
    _OneCycle: (OneCycleParamScheduler, ('_annealing_cos', '_annealing_linear')),
}


def _stored_attribute(owner: Any, name: str) -> Any:
    """Stand-in for ``getattr``: the attributes that checkpoints name, and no other one."""
    for stand_in, (cls, names) in STORED_ATTRIBUTES.items():
        if owner is stand_in and name in names:
            return getattr(cls, name)
    raise pickle.UnpicklingError(f'Unsupported attribute {name!r} of {owner!r}')


CLASSES: dict[type, type] = {_History: HistoryBuffer, _OneCycle: OneCycleParamScheduler}
NAMES: list[tuple[Any, str]] = [
    (_History, 'mmengine.logging.history_buffer.HistoryBuffer'),
    (_OneCycle, 'mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler'),
    (_stored_attribute, 'builtins.getattr'),
]
