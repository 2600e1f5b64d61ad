"""Check the numbers of a config that MMEngine accepts although they mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from .config_keys import ConfigError

_COUNTS = 'max_epochs', 'max_iters', 'val_interval'
_SEEDS = 2**32  # numpy's seeds lie below


def check_values(cfg: Mapping[str, Any]) -> None:
    """Raise ConfigError for a training of no length, or a seed that is none.

    With ``max_epochs=0`` MMEngine trains nothing and ends as if all were well.
    """
    train = cfg.get('train_cfg') or {}
    for key in _COUNTS:
        value = train.get(key)
        if value is not None and not (_is_whole(value) and value >= 1):
            raise ConfigError(f'train_cfg.{key}={value!r}: expected an integer >= 1')
    seed = (cfg.get('randomness') or {}).get('seed')
    if seed is not None and not (_is_whole(seed) and 0 <= seed < _SEEDS):
        raise ConfigError(f'randomness.seed={seed!r}: expected an integer from 0 to {_SEEDS - 1}')


def _is_whole(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and value % 1 == 0
