"""Where packages are installed, from ``importlib.metadata``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmengine.utils import package_utils

# Modules that import the functions by name. mmengine.hub is not always imported.
_USERS = (
    'mmengine.utils.package_utils',
    'mmengine.utils',
    'mmengine.config.config',
    'mmengine.hub.hub',
)


def find_packages_without_pkg_resources() -> None:
    """Find installed packages without ``pkg_resources``.

    Symptom: ``_base_ = 'mmpretrain::...'``, ``from PACKAGE.configs... import`` inside ``read_base``,
    and ``mmengine.hub.get_config`` end in ``ModuleNotFoundError: No module named 'pkg_resources'``.
    For a package in editable mode they look in a folder that does not exist.
    Versions: mmengine 0.10.7 with setuptools >= 82, which has removed ``pkg_resources``; editable
    installs with any.
    Goes when: mmengine uses ``importlib.metadata``.
    """
    _replace('is_installed', is_installed)
    _replace('get_installed_path', installed_path, lambda path: Path(path).exists())
    _replace('package2module', module_of)


def is_installed(package: str) -> bool:
    """Return whether there is a distribution, or else a module with a file, of this name."""
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        spec = find_spec(package)
        return spec is not None and spec.origin is not None
    return True


def installed_path(package: str) -> str:
    """Return the folder of the module of a distribution, or of the module of this name.

    Raises:
        PackageNotFoundError: If there is neither.
        RuntimeError: If the module is a namespace package, which has no single folder.
    """
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        spec = find_spec(package)
        if spec is None:
            raise
    else:
        spec = find_spec(package) or find_spec(module_of(package))
    if spec is None or spec.origin is None:
        raise RuntimeError(f'{package} is a namespace package, which has no folder of its own')
    return str(Path(spec.origin).parent)


def module_of(package: str) -> str:
    """Return the first module of a distribution.

    Raises:
        PackageNotFoundError: If there is no such distribution.
        ValueError: If it does not list its modules.
    """
    modules = (metadata.distribution(package).read_text('top_level.txt') or '').split()
    if not modules:
        raise ValueError(f'{package} does not list its modules in top_level.txt')
    return modules[0]


def _replace(name: str, ours: Callable, found: Callable = lambda answer: True) -> None:
    """Make ``ours`` answer where one of MMEngine's functions fails."""
    stock = getattr(package_utils, name)

    @functools.wraps(stock)
    def find(package: str) -> Any:
        try:
            answer = stock(package)
        except ModuleNotFoundError as error:
            if error.name != 'pkg_resources':
                raise
        else:
            if found(answer):
                return answer
        return ours(package)

    for user in _USERS:
        if hasattr(sys.modules.get(user), name):
            setattr(sys.modules[user], name, find)
