"""Hooks, grouped by what they are for.

- :mod:`~mmpretrain_mlml.hooks.loss_state` gives losses what they need to know: the epoch, the
  samples of a batch, class priors.
- :mod:`~mmpretrain_mlml.hooks.monitoring` logs and draws what happens during training and testing.
- :mod:`~mmpretrain_mlml.hooks.recipe` holds the parts of the released training recipe.
- :mod:`~mmpretrain_mlml.hooks.reliability` keeps a run alive and its checkpoints complete.
"""

from typing import Any

from ..parts import load_part, parts_in
from .reliability.non_finite_hook import NonFiniteError

__all__ = ['NonFiniteError', *parts_in('hooks')]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return load_part(name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
