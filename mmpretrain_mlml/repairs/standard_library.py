"""Imports of the standard library in configs."""

from __future__ import annotations

import functools
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from mmengine.config import config, utils

_FOLDERS = [Path(sysconfig.get_path(name)).resolve() for name in ('stdlib', 'platstdlib')]


def import_standard_library_in_configs() -> None:
    """Let configs import the standard library, wherever it lies.

    Symptom: ``import os`` in a config with ``_base_`` ends in ``ConfigParsingError: The configuration
    file type in the inheritance chain must match ...``; in a config with ``read_base``, using such a
    module raises an empty ``RuntimeError``. MMEngine takes a module for one of the standard library
    only if its file lies in the environment or in ``/usr/lib/python``: not in a virtual environment,
    and never for ``os`` and others that Python >= 3.11 has frozen. A config with ``read_base`` that
    holds a module (``import sys``) can be neither copied nor written, so no runner takes it.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``_is_builtin_module`` asks ``sys.stdlib_module_names``, and configs drop their modules.
    """
    is_builtin, read = utils._is_builtin_module, config.Config.fromfile

    @functools.wraps(is_builtin)
    def is_builtin_or_standard(module_name: str) -> bool:
        return is_builtin(module_name) or is_standard(module_name)

    @functools.wraps(read)
    def read_without_modules(*args: Any, **kwargs: Any) -> config.Config:
        cfg = read(*args, **kwargs)
        for key in list(cfg):
            # A plain dict's way, since ConfigDict would import what is imported lazily.
            if isinstance(dict.__getitem__(cfg._cfg_dict, key), ModuleType):
                del cfg._cfg_dict[key]
        return cfg

    for module in (utils, config):
        module._is_builtin_module = is_builtin_or_standard
    config.Config.fromfile = staticmethod(read_without_modules)


def is_standard(module_name: str) -> bool:
    """Return whether a module is one of the standard library, and not another one of its name."""
    name = module_name.split('.')[0]
    if name not in sys.stdlib_module_names:
        return False
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return False
    if spec.origin in ('built-in', 'frozen'):
        return True
    file = Path(spec.origin).resolve()
    inside = any(file.is_relative_to(folder) for folder in _FOLDERS)
    return inside and not {'site-packages', 'dist-packages'} & set(file.parts)
