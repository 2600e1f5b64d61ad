"""Check the finished config of a run, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from .config_keys import ConfigError, read_keys, similar_key
from .config_variables import COMMAND_LINE, ConfigFile, ineffective_variables
from .part_check import check_parts
from .schedule_check import check_schedule
from .unwrap import split_dataset_config
from .value_check import check_values

_DATALOADERS = 'train_dataloader', 'val_dataloader', 'test_dataloader'
# Data sets whose classes may be some of those of metainfo.
_CHOOSING = 'COCOMissingLabel', 'mmpretrain_mlml.COCOMissingLabel'
# The hooks that MMEngine adds itself; None leaves one of these out, and is an error for others.
_REMOVABLE = 'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint'


def check_config(cfg: Config, options: Sequence[str] = ()) -> list[str]:
    """Refuse what cannot be meant in a config.

    Args:
        cfg: Finished config, with the changes of the command line.
        options: Keys that the command line sets.

    Returns:
        Warnings: what has no effect, and a schedule that ends before the training.

    Raises:
        ConfigError: If a top-level key is almost one that something reads, a part has an argument
            that its class does not take, a default hook is None that MMEngine cannot leave out, a data
            set has ``classes`` twice, or a number means nothing.
    """
    warnings = [*check_top_level(cfg, options), *check_parts(cfg)]
    check_values(cfg)
    _check_preprocessor(cfg, options)
    _check_default_hooks(cfg.get('default_hooks') or {})
    for key in _DATALOADERS:
        _check_classes(key, cfg.get(key) or {})
    schedule = check_schedule(cfg)
    return [*warnings, schedule] if schedule else warnings


def check_top_level(cfg: Config, options: Sequence[str] = ()) -> list[str]:
    """Check the top-level keys of a config; see :func:`check_config`.

    A key that a config file uses itself is a variable of that file. Pure Python configs
    (``with read_base()``) hold the variables of all their bases, which are not told from keys.

    Returns:
        Warnings: variables that are set without effect, and keys that nothing reads.
    """
    given = {key.split('.')[0] for key in options}
    known, file = read_keys(), _read_file(cfg, given)
    unread = {key for key in cfg.keys() - known if not key.startswith('_')} - file.used_anywhere()
    for key in sorted(unread):
        near = similar_key(key)
        if near:
            place = COMMAND_LINE if key in given else cfg.filename
            raise ConfigError(f'nothing reads {key!r} in {place}; did you mean {near!r}?')
    ineffective = ineffective_variables(file, known, given)
    warnings = list(filter(None, (variable.message(cfg) for variable in ineffective)))
    # What a base of others leaves unread is no business of this run.
    unread &= file.assigned | given
    unread -= {variable.name for variable in ineffective}
    if unread:
        warnings.append(
            f'nothing in MMEngine or MMPretrain reads the top-level keys {sorted(unread)}'
        )
    return warnings


def _read_file(cfg: Config, given: set[str]) -> ConfigFile:
    if cfg.filename and not Config._is_lazy_import(cfg.filename):
        return ConfigFile.read(cfg.filename)
    return ConfigFile('', frozenset(), frozenset(cfg.keys() - given), ())  # all may be used


def _check_preprocessor(cfg: Config, options: Sequence[str]) -> None:
    """Refuse options of a top-level data_preprocessor where the model has its own."""
    ignored = [key for key in options if key.startswith('data_preprocessor.')]
    if ignored and (cfg.get('model') or {}).get('data_preprocessor'):
        raise ConfigError(
            f'{ignored[0]} changes nothing: the model has a data_preprocessor of its own; set '
            f'model.{ignored[0]}'
        )


def _check_default_hooks(hooks: Mapping[str, Any]) -> None:
    for name, hook in hooks.items():
        if hook is None and name not in _REMOVABLE:
            raise ConfigError(
                f'default_hooks.{name} is None, which MMEngine accepts for {", ".join(_REMOVABLE)} '
                f'only; to leave {name} out, write your own default_hooks with _delete_=True'
            )


def _check_classes(key: str, dataloader: Mapping[str, Any]) -> None:
    if not isinstance(dataloader.get('dataset'), Mapping):
        return
    for dataset in split_dataset_config(dataloader['dataset']):
        given = dataset.get('classes')
        names = (dataset.get('metainfo') or {}).get('classes')
        if given is None or names is None or list(given) == list(names):
            continue
        if dataset['type'] not in _CHOOSING or not set(given) <= set(names):
            raise ConfigError(
                f'{key}.dataset has both classes and metainfo.classes, of which MMPretrain ignores '
                'the first; remove one'
            )
