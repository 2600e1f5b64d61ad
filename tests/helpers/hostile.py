"""Files that run code when they are unpickled."""

import os

import numpy as np
from mmengine.logging import HistoryBuffer


class Hostile:
    """Pickles to a call of any function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


HOSTILE = {
    'a plain call': lambda marker: Hostile(open, str(marker), 'w'),
    'eval': lambda marker: Hostile(eval, f'open({str(marker)!r}, "w")'),
    'the shell': lambda marker: Hostile(os.system, f'touch {marker}'),
    'getattr on a module': lambda marker: Hostile(getattr, Hostile(__import__, 'os'), 'system'),
    'globals of an allowed method': lambda marker: Hostile(
        getattr, HistoryBuffer.mean, '__globals__'
    ),
    'an attribute of an allowed class': lambda marker: Hostile(getattr, HistoryBuffer, '__init__'),
    'a stored method of the wrong class': lambda marker: Hostile(getattr, np.ndarray, 'tofile'),
    'a subclass trick': lambda marker: Hostile(getattr, object, '__subclasses__'),
}
