"""Top-level keys of a config: those that something reads, and the nearest one to a typing error."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Sequence

from mmengine.runner import FlexibleRunner, Runner

# Read by MMEngine, MMPretrain's tools and ThresholdsHook, beside the arguments of the runners.
_READ_BY_TOOLS = {
    'activation_checkpointing', 'auto_scale_lr', 'compile', 'custom_imports',
    'efficient_conv_bn_eval', 'find_unused_parameters', 'init_weights_for_test_or_val',
    'model_wrapper_cfg', 'runner_type', 'sync_bn', 'thresholds', 'tta_model', 'tta_pipeline',
}  # fmt: skip
# Ratios of difflib. Arguments are short: with one letter wrong, "tau" has a ratio of 0.67.
_SIMILAR_KEY, _SIMILAR_NAME = 0.8, 0.6


class ConfigError(ValueError):
    """A config that cannot be meant. The message says what to change."""


def read_keys() -> set[str]:
    """Return the top-level keys of a config that MMEngine or a tool reads."""
    runners = (inspect.signature(runner).parameters for runner in (Runner, FlexibleRunner))
    return _READ_BY_TOOLS.union(*runners)


def check_keys(options: Iterable[str], base: Iterable[str]) -> None:
    """Check the top-level options of a study.

    Args:
        options: Names of the options.
        base: Top-level names of the config that they change.

    Raises:
        ConfigError: If nothing would read an option.
    """
    known = {*base, *read_keys()}
    unknown = sorted(set(options) - known)
    if unknown:
        hints = ''.join(suggestion(name, known) for name in unknown)
        raise ConfigError(f'options: nothing reads {unknown}{hints}; the base has {sorted(base)}')


def similar_key(key: str) -> str | None:
    """Return the top-level key that `key` is probably meant to be, None if none is near."""
    # "test_pipeline", a usual name of a variable, is near to "tta_pipeline".
    near = difflib.get_close_matches(key, read_keys() - {'tta_pipeline'}, 1, _SIMILAR_KEY)
    return near[0] if near else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'NAME'?`` with the nearest known name, or nothing if none is near."""
    by_lower = {other.lower(): other for other in sorted(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, 1, _SIMILAR_NAME)
    return f'; did you mean {by_lower[near[0]]!r}?' if near else ''


def option_keys(arguments: Sequence[str]) -> list[str]:
    """Return the keys that follow ``--cfg-options`` on a command line, such as ``model.head.thr``."""
    keys, reading = [], False
    for argument in arguments:
        if argument.startswith('--'):
            reading = argument == '--cfg-options'
        elif reading and '=' in argument:
            keys.append(argument.split('=', 1)[0])
    return keys
